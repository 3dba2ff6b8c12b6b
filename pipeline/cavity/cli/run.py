"""Fit every phase of a study in this process: the same functions as the workflow, without its jobs."""

from cavity.cli.inputs import add_study, read_study


def add_arguments(parser):
    add_study(parser)
    parser.add_argument("--phase", action="append", help="only this phase and those it needs")


def run(options):
    import matplotlib

    matplotlib.use("Agg")

    from cavity.study.fit import fit_phases
    from cavity.study.fixed_folders import report

    study = read_study(options)
    fit_phases(study, options.phase)
    print(report(study))
