"""Where a dataset meets its model: one likelihood factor of a graph."""

from dataclasses import dataclass
from typing import Any

from cavity.errors import GraphError
from cavity.graph.analysis import Analysis
from cavity.model import Collection, Model
from cavity.search.hooks import check_hooks


@dataclass(frozen=True, eq=False)
class AnalysisFactor:
    """The likelihood of one dataset as a node of a factor graph.

    Parameters
    ----------
    prior_model
        A ``Model`` or ``Collection``; priors it shares with other factors (the same objects) are linked.
    analysis
        An :class:`Analysis`: anything with ``log_likelihood_function(instance)``.
    optimiser
        A search for this dataset alone; the study's own where None.
    name
        What results call it; its position in the graph where None.

    Raises
    ------
    GraphError
        If either part is not what it must be.
    AnalysisError
        If a fit could not call one of the analysis' hooks.
    """

    prior_model: Model | Collection
    analysis: Analysis
    optimiser: Any = None
    name: str | None = None

    def __post_init__(self):
        if not isinstance(self.prior_model, (Model, Collection)):
            raise GraphError(
                f"AnalysisFactor: prior_model must be a Model or a Collection, got {type(self.prior_model).__name__}"
            )
        if not hasattr(self.analysis, "log_likelihood_function"):
            raise GraphError(
                "AnalysisFactor: analysis must define log_likelihood_function(instance), "
                f"{type(self.analysis).__name__} does not; derive it from cavity.Analysis"
            )
        check_hooks(self.analysis)
