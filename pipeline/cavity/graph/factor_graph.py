"""A graph of datasets: one model over all of them, and the likelihood that is the product of theirs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cavity.errors import GraphError
from cavity.graph.analysis import Analysis
from cavity.graph.factor import AnalysisFactor
from cavity.graph.global_model import GlobalPriorModel
from cavity.graph.hierarchical import HierarchicalFactor, parents_of
from cavity.graph.naming import SharedNames, plates_of
from cavity.model import Collection
from cavity.posterior.result import Result
from cavity.posterior.samples import Samples
from cavity.prior import Prior


class ResultList(list):
    """A list of :class:`~cavity.posterior.result.Result`, one a factor, in the graph's order.

    Attributes
    ----------
    samples
        The joint samples over every parameter of the graph.
    model
        The graph's ``global_prior_model``.
    """

    def __init__(self, results: Iterable[Result], samples: Samples, model: Any):
        super().__init__(results)
        self.samples = samples
        self.model = model

    @property
    def log_evidence(self) -> float | None:
        """Of the whole graph."""
        return self.samples.log_evidence


class FactorGraphModel(Analysis):
    """Datasets, their models and their parents as one graph.

    Fit it jointly with ``search.fit(model=graph.global_prior_model, analysis=graph)`` or by expectation propagation
    with ``graph.optimise(cv.ExpectationPropagation(search=...))``.

    Parameters
    ----------
    factors
        ``AnalysisFactor`` and ``HierarchicalFactor`` objects in any order. Parents of variables made with
        ``drawn_variable`` are found by themselves.
    names
        A study's ``SharedNames``; a notebook's are made from the paths in the first factor that has the parameter, and
        those of a plate's groups as in a study: ``<plate>.<key>.<path>``.

    Attributes
    ----------
    shared
        The ``SharedNames`` of the graph.

    Raises
    ------
    GraphError
        If there is no dataset, or two factors have the same name.
    """

    def __init__(self, *factors: AnalysisFactor | HierarchicalFactor, names: SharedNames | None = None):
        unknown = [f for f in factors if not isinstance(f, (AnalysisFactor, HierarchicalFactor))]
        if unknown:
            raise GraphError(
                f"FactorGraphModel takes AnalysisFactor and HierarchicalFactor objects, got {unknown[0]!r}"
            )
        self.factors = tuple(f for f in factors if isinstance(f, AnalysisFactor))
        if not self.factors:
            raise GraphError("FactorGraphModel needs at least one AnalysisFactor")
        self.datasets = tuple(f.name or str(i) for i, f in enumerate(self.factors))
        twice = [name for name, n in Counter(self.datasets).items() if n > 1]
        if twice:
            raise GraphError(f"two factors are called {twice[0]}; give each a name of its own")
        given = [f for f in factors if isinstance(f, HierarchicalFactor)]
        self.use_jax = all(getattr(f.analysis, "use_jax", False) for f in self.factors)
        if all(hasattr(f.analysis, "log_likelihood_batch") for f in self.factors):
            self.log_likelihood_batch = self._sum_of_batches
        self.parent_of = {}
        for factor in self.factors:
            self.parent_of.update(parents_of(factor.prior_model.priors, given))
        self.parents = self._all_parents(given)
        plates = names.plates if names else plates_of(self._all_priors())
        self.shared_names = self._notebook_names(plates, dict(names.priors) if names else {})
        self.parent_names = {**self._parent_names(), **(names.parents if names else {})}
        self.shared = SharedNames(priors=self.shared_names, parents=self.parent_names, plates=plates)

    def _all_parents(self, given):
        """Every parent, those of parents' own parameters included (a group's mean may itself be drawn)."""
        found, waiting = {}, [*given, *self.parent_of.values()]
        while waiting:
            parent = waiting.pop(0)
            if parent not in found:
                found[parent] = None
                above = parents_of(parent.variables, given)
                self.parent_of.update(above)
                waiting += above.values()
        return tuple(found)

    def _all_priors(self):
        """Every parameter of the factors, and of the parents."""
        return {
            *(prior for factor in self.factors for prior in factor.prior_model.priors),
            *(prior for parent in self.parents for prior in parent.variables),
        }

    def _parent_names(self):
        """{parent: name}: its own, or the path of the first variable drawn from it; each name once."""
        paths, found, taken = {}, {}, Counter()
        for factor in self.factors:
            for prior, path in zip(factor.prior_model.priors, factor.prior_model.parameter_names):
                if prior in self.parent_of:
                    paths.setdefault(self.parent_of[prior], path)
        for parent in self.parents:
            label = parent.name or (f"{paths[parent]}_parent" if parent in paths else "parent")
            taken[label] += 1
            found[parent] = label if taken[label] == 1 else f"{label}_{taken[label]}"
        return found

    def _notebook_names(self, plates, given):
        """{prior: name} of hyperparameters, of groups, and of every parameter that two or more factors share.

        What ``given`` names keeps its name, and no other gets it.
        """
        used, groups, names = self._all_priors(), {}, {}
        for plate in plates:
            made = plate.names(key for key, _ in plate.members)
            groups.update({prior: name for prior, name in made.items() if prior in used})
        uses = Counter(p for f in self.factors for p in f.prior_model.priors if p not in groups)
        for factor in self.factors:
            for prior, path in zip(factor.prior_model.priors, factor.prior_model.parameter_names):
                if uses[prior] > 1:
                    names.setdefault(prior, path)
        for parent, label in self._parent_names().items():
            for argument in parent.hyperpriors:
                variables = getattr(parent.hyperpriors[argument], "variables", tuple)()
                for k, prior in enumerate(variables):
                    names.setdefault(prior, f"{label}.{argument}" if len(variables) == 1 else f"{label}.{argument}.{k}")
        names = {prior: name for prior, name in names.items() if prior not in groups} | groups
        names, taken = {prior: name for prior, name in names.items() if prior not in given}, set(given.values())
        twice = {name for name, n in Counter(names.values()).items() if n > 1 or name in taken}
        for name in twice:
            for k, prior in enumerate([p for p, other in names.items() if other == name]):
                names[prior] = f"{name}.{k}"
        return given | names

    @property
    def names(self) -> dict[Prior, str]:
        """{prior: name} of every parameter of the graph: shared ones bare, local ones with their dataset in front."""
        found = dict(self.shared_names)
        for dataset, factor in zip(self.datasets, self.factors):
            for prior, path in zip(factor.prior_model.priors, factor.prior_model.parameter_names):
                found.setdefault(prior, f"{dataset}.{path}")
        return found

    @property
    def global_prior_model(self) -> GlobalPriorModel:
        """The model of the whole graph: pass it to a search together with the graph."""
        items = {dataset: factor.prior_model for dataset, factor in zip(self.datasets, self.factors)}
        for parent in self.parents:
            free = {k: v for k, v in parent.hyperpriors.items() if hasattr(v, "variables")}
            if free:
                items[self.parent_names[parent]] = Collection(**free)
        return GlobalPriorModel(items).of_graph(self.parent_of, self.names)

    def log_likelihood_function(self, instance: Any) -> float:
        """Sum of the factors' log likelihoods; ``instance`` is one of :attr:`global_prior_model`."""
        return sum(factor.analysis.log_likelihood_function(instance[i]) for i, factor in enumerate(self.factors))

    def _sum_of_batches(self, arrays):
        """{name of a parameter of the graph: array (n,)} -> (n,), where every factor's analysis has a batch."""
        names, total = self.names, 0.0
        for factor in self.factors:
            model = factor.prior_model
            own = {path: arrays[names[prior]] for path, prior in zip(model.parameter_names, model.priors, strict=True)}
            total = total + factor.analysis.log_likelihood_batch(own)
        return total

    def visualize(self, paths: Any, instance: Any) -> None:
        """Each analysis draws into a folder of its own."""
        for i, (dataset, factor) in enumerate(zip(self.datasets, self.factors)):
            factor.analysis.visualize(paths.child(dataset), instance[i])

    def make_result(self, samples: Samples, model: GlobalPriorModel, **origin: Any) -> ResultList:
        """One result a factor, under the paths of that factor's own model; the joint samples beside them.

        ``origin`` is what the results say of where they come from: search, identity, seed, name.
        """
        results = []
        for dataset, factor in zip(self.datasets, self.factors, strict=True):
            own = factor.prior_model
            columns = samples.subset([self.names[prior] for prior in own.priors])
            columns = replace(columns, names=own.parameter_names, labels=None)
            results.append(Result(columns, own, analysis=factor.analysis, dataset=dataset, **origin))
        return ResultList(results, replace(samples, model=model), model)

    def optimise(self, optimiser: Any) -> Any:
        """Fit the graph: the optimiser's ``fit(self)``; a plain search means ``ExpectationPropagation(search)``."""
        if hasattr(optimiser, "run"):  # as every search has: it solves one problem, and the datasets are many
            from cavity.strategy import ExpectationPropagation

            optimiser = ExpectationPropagation(search=optimiser)
        return optimiser.fit(self)
