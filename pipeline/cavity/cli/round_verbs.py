"""The verbs of a round, each called by a rule: search, aggregate, decide, summarise, plot."""

import sys
from pathlib import Path

from cavity.cli.inputs import add_data, add_phase, check_data, read_phase, read_sites, read_state, tell
from cavity.errors import ConfigError


class Search:
    """Search the datasets of one shard in one round; what was finished before is found again and not searched twice."""

    @staticmethod
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

    @staticmethod
    def run(options):
        from cavity.posterior.store import save_tree
        from cavity.strategy.loop import plan_round
        from cavity.strategy.round import to_tree
        from cavity.study.cache import search_datasets
        from cavity.study.shards import shards_of_phase
        from cavity.study.standings import round_standing

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
            done = f"{known.searched} of {known.to_search} searches, " if known else ""
            tell(f"{phase.name}, round {plan.round}: {done}searched {', '.join(searched)}")


class Aggregate:
    """Join the sites of one round into global.h5; for a joint phase, run its one search."""

    @staticmethod
    def add_arguments(parser):
        add_phase(parser)
        add_data(parser)
        parser.add_argument("--sites", type=Path, nargs="*", help="files of sites, one a shard; none for a joint phase")
        parser.add_argument("--state", type=Path, nargs="?", help="global.h5 of the round before; none in round 0")
        parser.add_argument("--out", type=Path, required=True, help="the global.h5 to write")

    @staticmethod
    def run(options):
        from cavity.posterior.store import save_tree
        from cavity.strategy.round import to_tree
        from cavity.study.cache import aggregate_round

        study, phase, context = read_phase(options, options.data)
        if phase.inference == "joint":
            check_data(options, study, None)
        found = aggregate_round(study, context, read_sites(options.sites), read_state(options.state))
        save_tree(options.out, to_tree(found))


class Decide:
    """Say in decision.json whether another round is needed, and why."""

    @staticmethod
    def add_arguments(parser):
        add_phase(parser)
        parser.add_argument("--state", type=Path, required=True, help="global.h5 of the round")
        parser.add_argument("--tolerance", type=float, required=True, help="largest error, in posterior sd")
        parser.add_argument("--max-rounds", type=int, required=True, help="the most rounds that may be searched")
        parser.add_argument("--out", type=Path, required=True, help="the decision.json to write")

    @staticmethod
    def run(options):
        from cavity.posterior.store import write_json
        from cavity.strategy.loop import decide
        from cavity.strategy.round import to_tree
        from cavity.study.standings import round_standing

        study, phase, context = read_phase(options)
        state = read_state(options.state)
        decision = decide(context, state, options.max_rounds, options.tolerance)
        write_json(options.out, to_tree(decision))
        known = round_standing(study, phase, options.out.parent)
        said = f"{phase.name}, round {decision.round}: {decision.decision} ({decision.why})"
        tell(known.line if known else said)


class Summarise:
    """Write a round's summary.json and posterior.h5."""

    @staticmethod
    def add_arguments(parser):
        add_phase(parser)
        add_data(parser)
        parser.add_argument("--sites", type=Path, nargs="*", help="files of sites of the round, one a shard")
        parser.add_argument("--states", type=Path, nargs="+", required=True, help="global.h5 of the rounds, in order")
        parser.add_argument("--decision", type=Path, required=True, help="decision.json of the round")
        parser.add_argument("--out", type=Path, required=True, help="the folder to write into")

    @staticmethod
    def run(options):
        from cavity.posterior.store import load_json
        from cavity.strategy.loop import Rounds, conclude
        from cavity.strategy.round import Decision, from_tree
        from cavity.study.cache import check_sites

        study, _, context = read_phase(options, options.data)
        states = [read_state(path) for path in options.states]
        decision = from_tree(Decision, load_json(options.decision))
        sites = read_sites(options.sites)
        if sites:
            check_sites(study, context, sites)
        conclude(context, Rounds(sites, states, decision)).write(options.out)


class Plot:
    """Draw the plots of a round."""

    @staticmethod
    def add_arguments(parser):
        add_phase(parser)
        parser.add_argument("--result", type=Path, required=True, help="the folder of summary.json and posterior.h5")
        parser.add_argument("--sites", type=Path, nargs="*", help="files of sites of the round, one a shard")
        parser.add_argument("--out", type=Path, required=True, help="the folder to draw into")

    @staticmethod
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
