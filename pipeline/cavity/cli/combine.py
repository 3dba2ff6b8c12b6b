"""Compare or interpolate the results of phases: summary.json."""

from pathlib import Path

from cavity.cli.inputs import add_part, read_part


def add_arguments(parser):
    add_part(parser)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")


def run(options):
    from cavity.study.derived import combine, write_numbers

    study, part, results = read_part(options)
    write_numbers(combine(part, results, study), options.out)
