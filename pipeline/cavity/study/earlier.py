"""Search chaining: which earlier results the factor of a dataset sees, and what a phase passes to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cavity.errors import ResultError, StudyError, did_you_mean
from cavity.graph import SharedNames
from cavity.grid.cells import chosen_priors, in_cell
from cavity.inference import ONE_BY_ONE, SEQUENTIAL
from cavity.model import Collection
from cavity.posterior.passing import Passing
from cavity.posterior.store import tree_checksum
from cavity.prior import DrawnVariable, GaussianPrior
from cavity.strategy.phase_context import Factors


class PhaseFactors(Factors):
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
    """What ``factor(dataset, previous)`` gets: phase or grid search -> :class:`~cavity.study.earlier.EarlierPhase`.

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


@dataclass(frozen=True, eq=False)
class EarlierPhase(Passing):
    """An earlier fit as a dataset sees it: ``previous["light"]``.

    It is the dataset's own in an earlier phase; in a sequential phase it is that of the dataset before it.

    Only parameters of the dataset's own get new priors. A shared parameter stays the same parameter, and a drawn one
    keeps its parent: their posterior rests on all datasets.

    Attributes
    ----------
    result
        What this dataset may see of the earlier phase's PhaseResult: its own part, and what is shared.
    dataset
        The dataset's id.
    compose
        Makes the model that the earlier phase fitted to this dataset; called when it is first asked for.
    names
        What the study shares.
    """

    result: Any
    dataset: str
    compose: Callable[[], Any]
    names: SharedNames

    @property
    def checksum(self):
        """SHA-256 of all that there is to see here."""
        return tree_checksum(self.result.tree())

    @property
    def samples(self):
        """Draws of the dataset's own parameters.

        Raises
        ------
        ResultError
            If the earlier phase has none of them.
        """
        if self.dataset not in self.result.locals:
            raise ResultError(f"phase {self.result.phase} has no parameters of dataset {self.dataset}'s own")
        return self.result.locals[self.dataset]

    @property
    def log_evidence(self):
        """Of this dataset where it was fitted by itself, else of the whole phase."""
        return self.samples.log_evidence if self.result.inference in ONE_BY_ONE else self.result.log_evidence

    @cached_property
    def fitted_model(self):
        """The model that the earlier phase fitted to this dataset."""
        return self.compose()

    @cached_property
    def instance(self):
        """The fitted model at one point, to fix parts of the next model.

        The sample of the highest likelihood where the dataset was fitted by itself, else the marginal medians.
        """
        model, samples = self.fitted_model, self.samples
        if self.result.inference in ONE_BY_ONE and samples.log_likelihoods is not None:
            own = dict(zip(samples.names, samples.max_log_likelihood_vector, strict=True))
        else:
            own = dict(zip(samples.names, samples.median_pdf_vector, strict=True))
        shared = self.population.median if self.result.shared is not None else {}
        vector = []
        for prior, path in zip(model.priors, model.parameter_names, strict=True):
            name = self.names.priors.get(prior)
            vector.append(own[path] if name is None else shared[name])
        return model.instance_from_vector(vector)

    @cached_property
    def population(self):
        """The shared answer of the earlier phase, a :class:`SharedAnswer`.

        Raises
        ------
        ResultError
            If the earlier phase shares nothing.
        """
        if self.result.shared is None:
            raise ResultError(f"phase {self.result.phase} shares nothing between datasets, so it has no population")
        return SharedAnswer(self.result.shared, self.names)

    @cached_property
    def _own(self):
        """(collection of the dataset's own priors by path, their samples)."""
        model = self.fitted_model
        own = {
            path: prior
            for prior, path in zip(model.priors, model.parameter_names, strict=True)
            if prior not in self.names.priors and not self._is_drawn(prior)
        }
        missing = [path for path in own if path not in self.samples.names]
        if missing:
            raise ResultError(
                f"phase {self.result.phase}, dataset {self.dataset}: the model has {missing[0]}, the result does not"
                f"{did_you_mean(missing[0], self.samples.names)}; was study.py changed since?"
            )
        return Collection(own), self.samples.subset(own)

    def _is_drawn(self, prior):
        return isinstance(prior, DrawnVariable) or any(prior in parent.added for parent in self.names.parents)

    def _with(self, passed):
        part, _ = self._own
        model = self.fitted_model.replacing({prior: passed[path] for path, prior in part.children.items()})
        for assertion in passed.assertions:
            model.add_assertion(assertion)
        return model


@dataclass(frozen=True, eq=False)
class SharedAnswer:
    """What an earlier phase found about the shared parameters.

    Attributes
    ----------
    samples
        Weighted draws of them.
    names
        What the study shares.
    """

    samples: Any
    names: SharedNames

    @property
    def mean(self):
        """Name -> posterior mean."""
        return dict(zip(self.samples.names, self.samples.mean.tolist(), strict=True))

    @property
    def sd(self):
        """Name -> posterior standard deviation."""
        return dict(zip(self.samples.names, self.samples.sd.tolist(), strict=True))

    @property
    def median(self):
        """Name -> posterior median."""
        return dict(zip(self.samples.names, self.samples.median_pdf_vector.tolist(), strict=True))

    def prior(self, name, factor=3.0):
        """A new parameter with a Gaussian at the posterior of the shared parameter ``name``, cut at its old limits."""
        index = self.samples.index(name)
        old = self.names.parameter(name)
        sigma = factor * float(self.samples.sd[index])
        return GaussianPrior(float(self.samples.mean[index]), sigma, old.lower_limit, old.upper_limit)

    def predictive(self, parent):
        """A new parameter as the population ``parent`` predicts it for one more dataset.

        Its mean and variance are those of a draw from the parent, averaged over the posterior: the scatter of the
        population and how well it is known. The family is the parent's own.

        Raises
        ------
        ResultError
            If there is no such parent, or it has no mean and sigma.
        """
        by_name = {name: factor for factor, name in self.names.parents.items()}
        if parent not in by_name:
            raise ResultError(f"no population {parent} in this study{did_you_mean(parent, by_name)}")
        family, hyperpriors = by_name[parent].parent, by_name[parent].hyperpriors
        if not {"mean", "sigma"} <= set(hyperpriors):
            raise ResultError(
                f"{parent} is a {family.__name__}, which has no mean and sigma to predict from; use .prior(name)"
            )
        values = {prior: self.samples[name] for prior, name in self.names.priors.items() if name in self.samples.names}
        arguments: Mapping = by_name[parent].arguments(values)
        weights = self.samples.weights
        centre = np.broadcast_to(arguments["mean"], weights.shape)
        spread = np.broadcast_to(arguments["sigma"], weights.shape)
        mean = float(weights @ centre)
        variance = float(weights @ (spread**2 + (centre - mean) ** 2))
        limits = {name: float(arguments[name]) for name in ("lower_limit", "upper_limit") if name in arguments}
        return family(mean=mean, sigma=variance**0.5, **limits)
