"""Join the cells of a grid search or a sensitivity map into cells.h5."""

from pathlib import Path

from cavity.cli.inputs import add_part, read_part


def add_arguments(parser):
    add_part(parser)
    parser.add_argument("--cells", type=Path, nargs="+", required=True, help="files of cells, one a shard")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")


def run(options):
    from cavity.posterior.store import load_tree
    from cavity.study.derived import cells_of, write_numbers

    study, part, results = read_part(options)
    records = {}
    for path in options.cells:
        for fit, cells in load_tree(path).items():
            records.setdefault(fit, {}).update(cells)
    write_numbers(cells_of(study, part, results).collect(records), options.out)
