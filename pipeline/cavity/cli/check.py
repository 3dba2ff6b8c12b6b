"""Say what a study fits, what is shared, and what it will cost; find what would stop it."""

from pathlib import Path

from cavity.cli.inputs import add_study, phase_context, read_study


def add_arguments(parser):
    add_study(parser)
    parser.add_argument("--phase", help="one phase; every first phase unless given")
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help="posterior.h5 of each phase that it sees")
    parser.add_argument("--out", type=Path, help="a text file, instead of the terminal")


def run(options):
    from cavity.posterior.store import write_sealed_text
    from cavity.study.forecast import forecast
    from cavity.study.preview import check_phase

    study = read_study(options)
    first = [phase.name for phase in study.config.phases if not study.config.earlier(phase.name)]
    names = [options.phase] if options.phase else first
    contexts = {name: phase_context(study, name, options.earlier)[1] for name in names}
    parts = [check_phase(study, context) for context in contexts.values()]
    if not options.phase:
        parts.append(str(forecast(study, contexts)))
    text = "\n\n".join(parts)
    if options.out is None:
        print(text)
    else:
        write_sealed_text(options.out, text + "\n")
