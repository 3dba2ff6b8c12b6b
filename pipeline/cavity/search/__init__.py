"""Searches: one sampler a file behind one door."""

from cavity.search.base import PARTS, Search
from cavity.search.differential_evolution import DifferentialEvolution
from cavity.search.dynesty_dynamic import DynestyDynamic
from cavity.search.dynesty_static import DynestyStatic
from cavity.search.emcee import AutoCorrelationsSettings, Emcee
from cavity.search.guard import FLOOR, Guard
from cavity.search.initializer import InitializerBall, InitializerPrior, InitializerSamples
from cavity.search.laplace import Laplace
from cavity.search.lbfgs import LBFGS
from cavity.search.nautilus import Nautilus
from cavity.search.polish import polish, polished
from cavity.search.problem import Problem
from cavity.search.progress import Progress
from cavity.search.registry import SEARCHES, search_from_dict
from cavity.search.ultranest import UltraNest

__all__ = [
    "FLOOR",
    "PARTS",
    "SEARCHES",
    "AutoCorrelationsSettings",
    "DifferentialEvolution",
    "DynestyDynamic",
    "DynestyStatic",
    "Emcee",
    "Guard",
    "InitializerBall",
    "InitializerPrior",
    "InitializerSamples",
    "LBFGS",
    "Laplace",
    "Nautilus",
    "Problem",
    "Progress",
    "Search",
    "UltraNest",
    "polish",
    "polished",
    "search_from_dict",
]
