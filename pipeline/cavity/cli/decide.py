"""Say in decision.json whether another round is needed, and why."""

from pathlib import Path

from cavity.cli.inputs import add_phase, read_phase, read_state, tell


def add_arguments(parser):
    add_phase(parser)
    parser.add_argument("--state", type=Path, required=True, help="global.h5 of the round")
    parser.add_argument("--tolerance", type=float, required=True, help="largest error, in posterior sd")
    parser.add_argument("--max-rounds", type=int, required=True, help="the most rounds that may be searched")
    parser.add_argument("--out", type=Path, required=True, help="the decision.json to write")


def run(options):
    from cavity.posterior.store import write_json
    from cavity.strategy.round import to_tree
    from cavity.strategy.run import decide
    from cavity.study.status import round_standing

    study, phase, context = read_phase(options)
    state = read_state(options.state)
    decision = decide(context, state, options.max_rounds, options.tolerance)
    write_json(options.out, to_tree(decision))
    tell(round_standing(study, phase, options.out.parent).line)
