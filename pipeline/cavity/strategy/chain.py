"""Search chaining: which earlier results the factor of a dataset sees, and how a chain of phases hangs together."""

from collections.abc import Mapping

from cavity.errors import StudyError, did_you_mean
from cavity.inference import SEQUENTIAL
from cavity.posterior.store import tree_checksum
from cavity.strategy.grid_cells import in_cell
from cavity.strategy.grid_search import chosen_priors
from cavity.strategy.passing import EarlierPhase


class PhaseFactors:
    """The factors of a phase by dataset, and what each of them can see of earlier results.

    Parameters
    ----------
    study
        A ``cavity.study.Study``.
    phase
        The phase's configuration.
    results
        Name -> result, see :func:`previous_of`.
    """

    def __init__(self, study, phase, results):
        self._study, self._phase, self._results = study, phase, results

    def __call__(self, dataset):
        """The AnalysisFactor that study.py composes for a dataset."""
        return self._study.factor(self._phase, dataset, self._results)

    def seen(self, dataset):
        """SHA-256 of what the factor of a dataset can see."""
        return previous_of(self._study, self._phase.name, dataset, self._results).checksum

    def after(self, found):
        """The same where datasets of a sequential phase see the fits in ``found``, a PhaseResult of this very phase."""
        return PhaseFactors(self._study, self._phase, {**self._results, self._phase.name: found})


class PreviousPhases(Mapping):
    """What ``factor(dataset, previous)`` gets: phase or grid search -> :class:`~cavity.strategy.passing.EarlierPhase`.

    In a sequential phase its own name is there too, with the fit of the dataset before; the first dataset has none, so
    ask with ``previous.get("main")``.

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
            if name == self._phase:
                raise StudyError(
                    f"phase {name} sees no fit of its own here; a sequential phase does from the second dataset on: "
                    f'ask with previous.get("{name}"), which is None for the first'
                )
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

    @property
    def checksum(self):
        """SHA-256 of all that the dataset can see, so of what its own fit depends on; empty where it sees nothing."""
        return tree_checksum({name: entry.checksum for name, entry in self._entries.items()}) if self else ""

    def get(self, name, default=None):
        """The entry, or ``default`` where there is none."""
        return self._entries.get(name, default)


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
        Name -> PhaseResult of every phase before it, and PhaseGrid of every grid search that it or they come after. Of
        a sequential phase itself, what is fitted so far.

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
            result=results[name].of_dataset(dataset),
            dataset=dataset,
            compose=composer(study, name, dataset, results),
            names=study.shared_names,
        )
    if _is_sequential(study.config, phase):
        entries.update(_one_before(study, phase, dataset, results.get(phase)))
    return PreviousPhases(phase, entries)


def _is_sequential(config, name):
    return any(phase.name == name and phase.inference == SEQUENTIAL for phase in config.phases)


def _one_before(study, phase, dataset, found):
    """{phase: the fit of the dataset before}, from what is fitted so far; empty for the first dataset."""
    before = study.before(dataset)
    if before is None:
        return {}
    if found is None or before not in found.locals:
        raise StudyError(f"phase {phase}, dataset {dataset}: it comes after dataset {before}, which has no fit yet")
    return {
        phase: EarlierPhase(
            result=found.of_dataset(before),
            dataset=before,
            compose=_stored(study, found, before),
            names=study.shared_names,
        )
    }


def _composer(study, phase, dataset, results):
    """Composes the model of an earlier phase, with what that phase saw itself."""
    if _is_sequential(study.config, phase):
        return _stored(study, results[phase], dataset)
    return lambda: study.factor(phase, dataset, previous_of(study, phase, dataset, results)).prior_model


def _stored(study, result, dataset):
    """The model of a dataset of a sequential phase: its factor saw the dataset before, and so on to the first."""
    return lambda: study.stored_model(result.models[dataset])


def _best_cell_composer(study, grid, dataset, results):
    """Composes the model that a grid search fitted, confined to the dataset's best cell."""

    def compose():
        phase = study.config.derived[grid].phase
        model = study.factor(phase, dataset, previous_of(study, phase, dataset, results)).prior_model
        cell = results[grid].fits[dataset].best_cell
        replacements, _ = in_cell(cell, chosen_priors(model, list(cell.boxes)))
        return model.replacing(replacements)

    return compose
