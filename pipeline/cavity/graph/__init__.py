"""Graphs of datasets: analyses, factors, parents and which variable is local, drawn or shared."""

from cavity.graph.analysis import Analysis
from cavity.graph.coordinates import Coordinates, coordinates_of
from cavity.graph.factor import AnalysisFactor
from cavity.graph.factor_graph import FactorGraphModel
from cavity.graph.hierarchical import HierarchicalFactor
from cavity.graph.naming import Plate, SharedNames, name_shared, plate, with_groups
from cavity.graph.view import Drawn, FactorView, link_of, view_factor

__all__ = [
    "Analysis",
    "AnalysisFactor",
    "Coordinates",
    "Drawn",
    "FactorGraphModel",
    "FactorView",
    "HierarchicalFactor",
    "Plate",
    "SharedNames",
    "coordinates_of",
    "link_of",
    "name_shared",
    "plate",
    "view_factor",
    "with_groups",
]
