"""Draw the plots of a grid search, a sensitivity map, a comparison or an interpolation."""

from pathlib import Path

from cavity.cli.inputs import add_part, read_part


def add_arguments(parser):
    add_part(parser)
    parser.add_argument("--cells", type=Path, nargs="?", help="cells.h5 of a grid search or a map")
    parser.add_argument("--out", type=Path, required=True, help="the folder to draw into")


def run(options):
    import matplotlib

    matplotlib.use("Agg")

    from cavity.plot.part_figures import draw_part
    from cavity.study.derived import combine, read_cells

    study, part, results = read_part(options)
    draw_part(read_cells(options.cells) if options.cells else combine(part, results, study), options.out)
