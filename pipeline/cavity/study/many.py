"""What a study makes of its phases, in this process: grid searches, sensitivity maps, comparisons, interpolations."""

from cavity.config.many import ComparisonConfig, GridSearchConfig, InterpolationConfig, SensitivityConfig
from cavity.errors import StudyError, did_you_mean
from cavity.search.hooks import refusing
from cavity.study.cells import cell_keys, fit_cells
from cavity.study.module import located, modules_beside
from cavity.study.watch import Watch

CELLS = "cells.h5"  # the collected file of a grid search or a sensitivity map
SUMMARY = "summary.json"  # that of a comparison or an interpolation


def inputs_of(study, part, results):
    """(module that fits a cell, what it takes as context) of a grid search or a sensitivity map."""
    from cavity.strategy import grid_phase, sensitivity_phase
    from cavity.study.context import phase_context

    phase = study.config.phase(part.phase)
    context = phase_context(study, phase, seen_by(study, part, results))
    if isinstance(part, GridSearchConfig):
        return grid_phase, context
    return sensitivity_phase, map_inputs(study, part, context, results)


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
        from cavity.strategy.compare import compare_models

        return compare_models({name: results[name] for name in part.phases})
    assert isinstance(part, InterpolationConfig)
    from cavity.strategy.covariate import interpolate_phase

    return interpolate_phase(part, results[part.phase], {d.id: d.covariates for d in study.datasets})


def write_part(made, folder):
    """The files of a part and its plots in a folder."""
    from cavity.plot.many import draw_part

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
    from cavity.posterior.store import load_attributes, load_tree, readable
    from cavity.strategy.grid_phase import PhaseGrid
    from cavity.strategy.sensitivity_phase import PhaseSensitivity

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
    work, inputs = inputs_of(study, part, results)
    fits, cells = work.fits_of(inputs, part), cell_keys(part.parameters)
    tasks = [(fit, cell) for fit in fits for cell in cells]
    watch.say(f"{part.name}: {len(cells)} cells of {', '.join(fits[:5])}{', ...' if len(fits) > 5 else ''}")
    records = fit_cells(study, part, inputs, work, tasks, watch.cells(part.name, len(tasks)))
    return work.collect(inputs, part, records)


def map_inputs(study, part, context, results):
    """What the cells of a sensitivity map are made from; ``results`` is read when a cell is fitted."""
    from cavity.strategy.sensitivity_phase import MapContext
    from cavity.study.earlier import previous_of

    phase = study.config.phase(part.phase)
    return MapContext(
        context=context,
        dataset=study.dataset,
        compose=lambda dataset: study.compose(phase, dataset, previous_of(study, phase.name, dataset.id, results)),
        fitted=lambda dataset: previous_of(study, part.name, dataset, results)[phase.name],
        simulate=_function(study, part.simulate, part, ("instance", "dataset", "rng")),
        perturbation=_function(study, part.perturbation, part, ("dataset",)),
    )


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
