"""Searches: one sampler a file behind one door."""

from cavity.search.dynesty import DynestyDynamic, DynestyStatic
from cavity.search.emcee import AutoCorrelationsSettings, Emcee, InitializerBall, InitializerPrior, InitializerSamples
from cavity.search.guard import FLOOR, Guard
from cavity.search.laplace import Laplace
from cavity.search.nautilus import Nautilus
from cavity.search.optimisers import LBFGS, DifferentialEvolution
from cavity.search.polish import polish, polished
from cavity.search.problem import Problem
from cavity.search.progress import Progress
from cavity.search.registry import SEARCHES, search_from_dict
from cavity.search.search import PARTS, Search
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
