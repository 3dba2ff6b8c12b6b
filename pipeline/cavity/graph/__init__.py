"""Graphs of datasets: analyses, factors, parents and which variable is local, drawn or shared."""

from cavity.graph.analysis import Analysis
from cavity.graph.factor import AnalysisFactor
from cavity.graph.factor_graph import FactorGraphModel
from cavity.graph.hierarchical import HierarchicalFactor
from cavity.graph.naming import SharedNames, name_shared
from cavity.graph.view import Drawn, FactorView, link_of, view_factor

__all__ = [
    "Analysis",
    "AnalysisFactor",
    "Drawn",
    "FactorGraphModel",
    "FactorView",
    "HierarchicalFactor",
    "SharedNames",
    "link_of",
    "name_shared",
    "view_factor",
]
