"""The results of a joint fit: one for each dataset, and the joint samples behind them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cavity.posterior.result import Result
from cavity.posterior.samples import Samples


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


def split_by_factor(graph: Any, samples: Samples, model: Any, **origin: Any) -> ResultList:
    """Each factor's own columns of the joint samples, under the paths of its own model.

    ``origin`` has what each result is given besides: search, identity, seed, name.
    """
    names = graph.names
    results = []
    for dataset, factor in zip(graph.datasets, graph.factors):
        own = factor.prior_model
        columns = samples.subset([names[prior] for prior in own.priors])
        columns = replace(columns, names=own.parameter_names, labels=None)
        results.append(Result(columns, own, analysis=factor.analysis, dataset=dataset, **origin))
    return ResultList(results, replace(samples, model=model), model)
