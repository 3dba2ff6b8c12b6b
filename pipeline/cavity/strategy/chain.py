"""Search chaining: which earlier results the factor of a dataset sees, and how a chain of phases hangs together."""

from collections.abc import Mapping
from dataclasses import replace

from cavity.errors import StudyError, did_you_mean
from cavity.strategy.grid_cells import in_cell
from cavity.strategy.grid_search import chosen_priors
from cavity.strategy.passing import EarlierPhase


class PreviousPhases(Mapping):
    """What ``factor(dataset, previous)`` gets: phase or grid search -> :class:`~cavity.strategy.passing.EarlierPhase`.

    Parameters
    ----------
    phase
        The name of the phase that looks back.
    entries
        The phases that it may see.
    """

    def __init__(self, phase, entries):
        self._phase = phase
        self._entries = dict(entries)

    def __getitem__(self, name):
        if name not in self._entries:
            seen = ", ".join(self._entries) or "none: it is the first, or its key after is empty"
            hint = did_you_mean(name, self._entries) or f"; it sees {seen}"
            raise StudyError(f"phase {self._phase} sees no earlier phase {name}{hint}")
        return self._entries[name]

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __contains__(self, name):
        return name in self._entries


def previous_of(study, phase, dataset, results):
    """What ``factor(dataset, previous)`` of a phase sees.

    Parameters
    ----------
    study
        The study.
    phase
        The name of the phase that is being fitted.
    dataset
        The dataset's id.
    results
        Name -> PhaseResult of every phase before it, and PhaseGrid of every grid search that it or they come after.

    Raises
    ------
    StudyError
        If the result of an earlier phase is not there.
    """
    grids = study.config.earlier_grids(phase)
    entries = {}
    for name in (*study.config.earlier(phase), *grids):
        if name not in results:
            raise StudyError(f"phase {phase} comes after {name}, which has no result yet; fit {name} first")
        composer = _best_cell_composer if name in grids else _composer
        entries[name] = EarlierPhase(
            result=results[name],
            dataset=dataset,
            compose=composer(study, name, dataset, results),
            names=study.shared_names,
        )
    return PreviousPhases(phase, entries)


def _composer(study, phase, dataset, results):
    """Composes the factor of an earlier phase, with what that phase saw itself."""
    return lambda: study.factor(phase, dataset, previous_of(study, phase, dataset, results))


def _best_cell_composer(study, grid, dataset, results):
    """Composes the factor that a grid search fitted, confined to the dataset's best cell."""

    def compose():
        phase = study.config.derived[grid].phase
        factor = study.factor(phase, dataset, previous_of(study, phase, dataset, results))
        cell = results[grid].fits[dataset].best_cell
        replacements, _ = in_cell(cell, chosen_priors(factor.prior_model, list(cell.boxes)))
        return replace(factor, prior_model=factor.prior_model.replacing(replacements))

    return compose
