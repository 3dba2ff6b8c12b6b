"""Copy the last rounds' results to their fixed folders, and print the shared parameters; equal files stay untouched."""
from pathlib import Path

from cavity.cli.inputs import add_study, read_study


def add_arguments(parser):
    add_study(parser)
    parser.add_argument("folders", type=Path, nargs="+", help="the folder of each phase's last round")


def run(options):
    from cavity.study.publish import publish_round, report

    study = read_study(options)
    for folder in options.folders:
        publish_round(study, folder)
    print(report(study))
