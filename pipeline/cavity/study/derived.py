"""What a study makes of its phases, in this process: grid searches, sensitivity maps, comparisons, interpolations."""

from functools import partial

from cavity.config.part_keys import ComparisonConfig, GridSearchConfig, InterpolationConfig, SensitivityConfig
from cavity.errors import SearchError, StudyError, did_you_mean
from cavity.grid.cells import cell_keys, make_cells
from cavity.search.hooks import refusing
from cavity.study.cache import kept
from cavity.study.identity import dataset_digest, digest, settings_of
from cavity.study.module import located, modules_beside
from cavity.study.watch import Watch

CELLS = "cells.h5"  # the collected file of a grid search or a sensitivity map
SUMMARY = "summary.json"  # that of a comparison or an interpolation


def cells_of(study, part, results):
    """The :class:`~cavity.grid.phase_cells.GridCells` or ``MapCells`` of a grid search or a sensitivity map."""
    from cavity.study.context import phase_context

    phase = study.config.phase(part.phase)
    return cells_in(study, part, phase_context(study, phase, seen_by(study, part, results)), results)


def cells_in(study, part, context, results):
    """The same, given the context of the phase; ``results`` is read when a cell is fitted."""
    from cavity.grid.phase_cells import GridCells, MapCells
    from cavity.study.earlier import previous_of

    if isinstance(part, GridSearchConfig):
        return GridCells(context, part)
    phase = study.config.phase(part.phase)
    return MapCells(
        context,
        part,
        dataset=study.dataset,
        compose=lambda dataset: study.compose(phase, dataset, previous_of(study, phase.name, dataset.id, results)),
        fitted=lambda dataset: previous_of(study, part.name, dataset, results)[phase.name],
        simulate=_function(study, part.simulate, part, ("instance", "dataset", "rng")),
        perturbation=_function(study, part.perturbation, part, ("dataset",)),
    )


def seen_by(study, part, results):
    """The entries of ``results`` that a phase, or something made of phases, comes after."""
    names = (*study.config.earlier(part.name), *study.config.earlier_grids(part.name))
    return {name: results[name] for name in names}


def make_part(study, part, results, watch=None):
    """Make one part in this process, write it to its folder, and return it.

    Parameters
    ----------
    part
        One of ``study.config.derived``.
    results
        Name -> result of everything that it comes after.
    watch
        A :class:`~cavity.study.watch.Watch`; a silent one without.
    """
    watch, cells = watch or Watch(study, say=False), isinstance(part, (GridSearchConfig, SensitivityConfig))
    if cells:
        made = _make_cells(study, part, results, watch)
    else:
        made = combine(part, results, study)
    write_part(made, study.paths.phase(part.name))
    if cells:
        watch.published()
    watch.say(f"{part.name}: done")
    return made


def combine(part, results, study):
    """A comparison or an interpolation of phases' results."""
    if isinstance(part, ComparisonConfig):
        from cavity.combine.compare import compare_models

        return compare_models({name: results[name] for name in part.phases})
    assert isinstance(part, InterpolationConfig)
    from cavity.combine.interpolate import interpolate_phase

    return interpolate_phase(part, results[part.phase], {d.id: d.covariates for d in study.datasets})


def write_part(made, folder):
    """The files of a part and its plots in a folder."""
    from cavity.plot.part_figures import draw_part

    write_numbers(made, folder)
    draw_part(made, folder / "plots")


def write_numbers(made, folder):
    """The file of a part in a folder: cells.h5, or summary.json."""
    from cavity.posterior.store import save_tree, write_json

    if hasattr(made, "tree"):
        save_tree(folder / CELLS, made.tree(), attributes={"kind": type(made).__name__})
    else:
        write_json(folder / SUMMARY, made.summary())


def read_cells(path):
    """The collected grid search or sensitivity map in a file."""
    from cavity.grid.phase_cells import PhaseGrid, PhaseSensitivity
    from cavity.posterior.store import load_attributes, load_tree, readable

    with readable(path):
        kind = {"PhaseGrid": PhaseGrid, "PhaseSensitivity": PhaseSensitivity}[load_attributes(path)["kind"]]
        return kind.from_tree(load_tree(path))


def report_part(study, part):
    """Text for a terminal about a part that has been made; empty where it has not."""
    folder = study.paths.phase(part.name)
    kind = type(part).__name__.removesuffix("Config")
    lines = [f"{study.name}, {part.name}: {_WORDS[kind]}", ""]
    if (folder / CELLS).is_file():
        lines += [line for fit, result in read_cells(folder / CELLS).fits.items() for line in _cells_lines(fit, result)]
        return "\n".join([*lines, f"numbers  {folder / CELLS}", f"plots    {folder / 'plots'}"])
    if (folder / SUMMARY).is_file():
        return "\n".join([*lines, f"numbers  {folder / SUMMARY}", f"plots    {folder / 'plots'}"])
    return ""


_WORDS = {
    "GridSearch": "a grid search",
    "Sensitivity": "a sensitivity map",
    "Comparison": "a comparison of models",
    "Interpolation": "an interpolation",
}


def _cells_lines(fit, result):
    """What the cells of one fit say in a line or two."""
    if hasattr(result, "best_cell"):
        share = float(result.probabilities.max())
        yield f"{fit}: {result.best_cell.described()} holds {100 * share:.0f} % of the probability"
    else:
        found = result.detected()
        yield f"{fit}: detected in {int(found.sum())} of {found.size} cells"


def _make_cells(study, part, results, watch):
    work = cells_of(study, part, results)
    fits, cells = work.fits, cell_keys(part.parameters)
    tasks = [(fit, cell) for fit in fits for cell in cells]
    watch.say(f"{part.name}: {len(cells)} cells of {', '.join(fits[:5])}{', ...' if len(fits) > 5 else ''}")
    return work.collect(fit_cells(study, work, tasks, watch.cells(part.name, len(tasks))))


def fit_cells(study, work, tasks, progress=None):
    """Records of some cells, every finished one kept by content hash.

    Parameters
    ----------
    work
        Of :func:`cells_of`.
    tasks
        (fit, cell name) of each.
    progress
        Called as progress(fit, cell name, how) with how in "searched", "known" or "failed".

    Returns
    -------
    dict
        Fit -> cell -> record.

    Raises
    ------
    SearchError
        If cells failed; the sentence names them. The others are kept.
    """
    from cavity.grid.cores import fit_cells

    part, progress = work.part, progress or (lambda fit, cell, how: None)
    keys, common, records = cell_keys(part.parameters), _identity(study, part), {}

    def keep(own, fit, cell, search):
        try:
            found, how = kept(study.paths.cache / f"{digest(own, keys[cell.name])}.h5", partial(_finished, search))
        except _CellFailedError as error:
            found, how = {"failed": str(error)}, "failed"
        progress(fit, cell.name, how)
        return {**found, "cell": cell.name}

    def fit_cell(fit, cell, checkpoint):
        return work.fit_cell(fit, cell, (part.name, fit, keys[cell.name]), checkpoint)

    for fit in dict.fromkeys(fit for fit, _ in tasks):
        wanted = {name for of, name in tasks if of == fit}
        cells = [cell for cell in make_cells(work.axes(fit)) if cell.name in wanted]
        own = digest(common, _data_digest(study, fit), work.seen(fit))
        records[fit] = fit_cells(cells, partial(fit_cell, fit), partial(keep, own, fit))
    failed = [f"{fit}, {r['failed']}" for fit, cells in records.items() for r in cells.values() if "failed" in r]
    if failed:
        raise SearchError(
            f"{part.name}: {len(failed)} of {len(tasks)} cells failed, the others are kept: {'; '.join(failed[:5])}"
        )
    return records


class _CellFailedError(Exception):
    """A cell that could not be fitted: it leaves no entry behind."""


def _finished(search, checkpoint):
    record = search(checkpoint)
    if "failed" in record:
        raise _CellFailedError(record["failed"])
    return record


def _identity(study, part):
    """What all cells of a grid depend on."""
    shown = part.model_dump(mode="json", exclude={"parameters", "dataset", "cells_per_job", "level"})
    phase = study.config.phase(part.phase)
    return digest(
        study.code_digest,
        settings_of(study.config, phase),
        shown,
    )


def _data_digest(study, fit):
    if fit in {dataset.id for dataset in study.datasets}:
        return dataset_digest(study.dataset(fit))
    return digest([dataset_digest(dataset) for dataset in study.datasets])


def _function(study, name, part, arguments):
    function = study.namespace.get(name)
    if not callable(function):
        known = [key for key, value in study.namespace.items() if callable(value) and not key.startswith("_")]
        hint = did_you_mean(name, known) or "; define it"
        raise StudyError(f"{study.module_path}: {part.name} needs a function {name}({', '.join(arguments)}){hint}")
    signature = refusing(function, arguments)
    if signature is not None:
        call = f"{name}({', '.join(arguments)})"
        raise StudyError(f"{study.module_path}: {part.name} calls {call}, and {name} takes {signature}; define it so")

    def located_function(*values):
        with modules_beside(study.module_path), located(study.module_path, f"{name}: "):
            return function(*values)

    return located_function
