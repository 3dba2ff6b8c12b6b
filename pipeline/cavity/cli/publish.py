"""Copy the last rounds' results to their fixed folders, and print the shared parameters; equal files stay untouched."""

from pathlib import Path

from cavity.cli.inputs import add_study, read_study


def add_arguments(parser):
    add_study(parser)
    parser.add_argument("files", type=Path, nargs="+", help="files of the last rounds and of parts")


def run(options):
    from cavity.posterior.phase import SUMMARY
    from cavity.study.derived import CELLS
    from cavity.study.fixed_folders import publish_round, report

    study = read_study(options)
    for folder in (path.parent for path in options.files if path.name in (SUMMARY, CELLS)):
        publish_round(study, folder)
    print(report(study))
