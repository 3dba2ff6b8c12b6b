"""The verbs of what is made of phases, each called by a rule: cells, collect, combine, draw."""

import sys
from pathlib import Path

from cavity.cli.inputs import add_data, add_part, check_data, read_part, tell
from cavity.errors import ConfigError


class Cells:
    """Fit the cells of one shard of a grid search or a sensitivity map; cells finished before are found again."""

    @staticmethod
    def add_arguments(parser):
        add_part(parser)
        add_data(parser)
        parser.add_argument("--shard", required=True, help="the shard's name")
        parser.add_argument("--out", type=Path, required=True, help="the file of cells to write")

    @staticmethod
    def run(options):
        from cavity.posterior.store import save_tree
        from cavity.study.derived import cells_of, fit_cells
        from cavity.study.shards import cell_shards, datasets_of

        study, part, results = read_part(options)
        work = cells_of(study, part, results)
        shards = cell_shards(work.fits, part.parameters, part.cells_per_job)
        if options.shard not in shards:
            raise ConfigError(f"{study.path}: {part.name} has no shard {options.shard}; run the workflow again")
        check_data(options, study, datasets_of(study, shards[options.shard]))
        fitted = []

        def progress(fit, cell, how):
            print(f"{fit}, cell {cell}: {how}", file=sys.stderr, flush=True)
            if how == "searched":
                fitted.append(f"{fit}:{cell}")

        save_tree(options.out, fit_cells(study, work, shards[options.shard], progress))
        if fitted:
            tell(f"{part.name}: fitted {', '.join(fitted)}")


class Collect:
    """Join the cells of a grid search or a sensitivity map into cells.h5."""

    @staticmethod
    def add_arguments(parser):
        add_part(parser)
        parser.add_argument("--cells", type=Path, nargs="+", required=True, help="files of cells, one a shard")
        parser.add_argument("--out", type=Path, required=True, help="the folder to write into")

    @staticmethod
    def run(options):
        from cavity.posterior.store import load_tree
        from cavity.study.derived import cells_of, write_numbers

        study, part, results = read_part(options)
        records = {}
        for path in options.cells:
            for fit, cells in load_tree(path).items():
                records.setdefault(fit, {}).update(cells)
        write_numbers(cells_of(study, part, results).collect(records), options.out)


class Combine:
    """Compare or interpolate the results of phases: summary.json."""

    @staticmethod
    def add_arguments(parser):
        add_part(parser)
        parser.add_argument("--out", type=Path, required=True, help="the folder to write into")

    @staticmethod
    def run(options):
        from cavity.study.derived import combine, write_numbers

        study, part, results = read_part(options)
        write_numbers(combine(part, results, study), options.out)


class Draw:
    """Draw the plots of a grid search, a sensitivity map, a comparison or an interpolation."""

    @staticmethod
    def add_arguments(parser):
        add_part(parser)
        parser.add_argument("--cells", type=Path, nargs="?", help="cells.h5 of a grid search or a map")
        parser.add_argument("--out", type=Path, required=True, help="the folder to draw into")

    @staticmethod
    def run(options):
        import matplotlib

        matplotlib.use("Agg")

        from cavity.plot.part_figures import draw_part
        from cavity.study.derived import combine, read_cells

        study, part, results = read_part(options)
        draw_part(read_cells(options.cells) if options.cells else combine(part, results, study), options.out)
