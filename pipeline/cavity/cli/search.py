"""Search the datasets of one shard in one round; what was finished before is found again and not searched twice."""

import sys
from pathlib import Path

from cavity.cli.inputs import add_data, add_phase, check_data, read_phase, read_sites, read_state, tell
from cavity.errors import ConfigError


def add_arguments(parser):
    add_phase(parser)
    add_data(parser)
    parser.add_argument("--shard", required=True, help="the shard's name")
    parser.add_argument("--state", type=Path, nargs="?", help="global.h5 of the round before; none in round 0")
    parser.add_argument(
        "--previous",
        type=Path,
        nargs="*",
        help="this shard's sites of the round before; in a sequential phase, the site of the dataset before",
    )
    parser.add_argument("--out", type=Path, required=True, help="the file of sites to write")


def run(options):
    from cavity.posterior.store import save_tree
    from cavity.strategy.round import to_tree
    from cavity.strategy.run import plan_round
    from cavity.study.cache import search_datasets
    from cavity.study.shards import shards_of_phase
    from cavity.study.status import round_standing

    study, phase, context = read_phase(options)
    shards = shards_of_phase(phase, [dataset.id for dataset in study.datasets])
    if options.shard not in shards:
        raise ConfigError(f"{study.path}: phase {phase.name} has no shard {options.shard}; run the workflow again")
    check_data(options, study, shards[options.shard])
    plan = plan_round(context, read_state(options.state))
    previous = read_sites(options.previous)

    searched = []

    def progress(dataset, how):
        print(f"{dataset}: {how}", file=sys.stderr, flush=True)
        if how == "searched":
            searched.append(dataset)

    sites = search_datasets(study, context, plan, previous, shards[options.shard], progress)
    save_tree(options.out, {name: to_tree(searched) for name, searched in sites.items()})
    if searched:
        known = round_standing(study, phase, options.out.parent.parent)
        done = f"{known.searched} of {known.to_search} searches"
        tell(f"{phase.name}, round {plan.round}: {done}, searched {', '.join(searched)}")
