"""Searches: one sampler a file behind one door."""

from cavity.search.base import Search, search_from_dict
from cavity.search.dynesty_static import DynestyStatic
from cavity.search.guard import FLOOR, Guard
from cavity.search.laplace import Laplace
from cavity.search.polish import polish, polished
from cavity.search.problem import Problem
from cavity.search.progress import Progress

#: Every search by its name in a config file.
SEARCHES = {cls.__name__: cls for cls in (DynestyStatic, Laplace)}

#: Settings that are objects, by their name in a config file.
INITIALIZERS = {}

__all__ = [
    "FLOOR",
    "DynestyStatic",
    "Guard",
    "INITIALIZERS",
    "Laplace",
    "Problem",
    "Progress",
    "SEARCHES",
    "Search",
    "polish",
    "polished",
    "search_from_dict",
]
