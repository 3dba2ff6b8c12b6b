"""Draw the plots of a round."""
from pathlib import Path

from cavity.cli.inputs import add_phase, read_phase, read_sites


def add_arguments(parser):
    add_phase(parser)
    parser.add_argument("--result", type=Path, required=True, help="the folder of summary.json and posterior.h5")
    parser.add_argument("--sites", type=Path, nargs="*", help="files of sites of the round, one a shard")
    parser.add_argument("--out", type=Path, required=True, help="the folder to draw into")


def run(options):
    import matplotlib

    matplotlib.use("Agg")

    from cavity.posterior.phase import PhaseResult
    from cavity.strategy import phase_run

    _, _, context = read_phase(options)
    options.out.mkdir(parents=True, exist_ok=True)
    phase_run.plot_phase(context, PhaseResult.read(options.result), read_sites(options.sites), options.out)
