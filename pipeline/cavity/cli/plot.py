"""Draw the plots of a round."""

from pathlib import Path

from cavity.cli.inputs import add_phase, read_phase


def add_arguments(parser):
    add_phase(parser)
    parser.add_argument("--result", type=Path, required=True, help="the folder of summary.json and posterior.h5")
    parser.add_argument("--sites", type=Path, nargs="*", help="files of sites of the round, one a shard")
    parser.add_argument("--out", type=Path, required=True, help="the folder to draw into")


def run(options):
    import matplotlib

    matplotlib.use("Agg")

    from cavity.plot.phase_figures import draw_phase
    from cavity.posterior.phase import PhaseResult
    from cavity.study.truth import truth_of

    study, _, context = read_phase(options)
    options.out.mkdir(parents=True, exist_ok=True)
    result = PhaseResult.read(options.result)
    draw_phase(context.seeing(result), result, options.out, truth_of(study))
