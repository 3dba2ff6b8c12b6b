"""Write a round's summary.json and posterior.h5."""

from pathlib import Path

from cavity.cli.inputs import add_data, add_phase, read_phase, read_sites, read_state


def add_arguments(parser):
    add_phase(parser)
    add_data(parser)
    parser.add_argument("--sites", type=Path, nargs="*", help="files of sites of the round, one a shard")
    parser.add_argument("--states", type=Path, nargs="+", required=True, help="global.h5 of the rounds, in order")
    parser.add_argument("--decision", type=Path, required=True, help="decision.json of the round")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")


def run(options):
    from cavity.posterior.store import load_json
    from cavity.strategy.round import Decision, from_tree
    from cavity.strategy.run import Rounds, conclude
    from cavity.study.cache import check_sites

    study, _, context = read_phase(options, options.data)
    states = [read_state(path) for path in options.states]
    decision = from_tree(Decision, load_json(options.decision))
    sites = read_sites(options.sites)
    if sites:
        check_sites(study, context, sites)
    conclude(context, Rounds(sites, states, decision)).write(options.out)
