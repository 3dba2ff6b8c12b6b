"""Fit the cells of one shard of a grid search or a sensitivity map; cells finished before are found again."""

import sys
from pathlib import Path

from cavity.cli.inputs import add_data, add_part, check_data, read_part, tell
from cavity.errors import ConfigError


def add_arguments(parser):
    add_part(parser)
    add_data(parser)
    parser.add_argument("--shard", required=True, help="the shard's name")
    parser.add_argument("--out", type=Path, required=True, help="the file of cells to write")


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
