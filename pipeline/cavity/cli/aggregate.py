"""Join the sites of one round into global.h5; for a joint phase, run its one search."""

from pathlib import Path

from cavity.cli.inputs import add_data, add_phase, check_data, read_phase, read_sites, read_state


def add_arguments(parser):
    add_phase(parser)
    add_data(parser)
    parser.add_argument("--sites", type=Path, nargs="*", help="files of sites, one a shard; none for a joint phase")
    parser.add_argument("--state", type=Path, nargs="?", help="global.h5 of the round before; none in round 0")
    parser.add_argument("--out", type=Path, required=True, help="the global.h5 to write")


def run(options):
    from cavity.posterior.store import save_tree
    from cavity.strategy.round import to_tree
    from cavity.study.cache import aggregate_round

    study, phase, context = read_phase(options, options.data)
    if phase.inference == "joint":
        check_data(options, study, None)
    found = aggregate_round(study, context, read_sites(options.sites), read_state(options.state))
    save_tree(options.out, to_tree(found))
