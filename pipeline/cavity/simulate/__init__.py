"""Seeded simulators: each writes data files, a table of datasets and the truth behind them."""

from cavity.simulate.feature import FeatureGrid
from cavity.simulate.gaussians import GaussianHierarchical, GaussianShared
from cavity.simulate.lensing import Lensing
from cavity.simulate.orbits import Orbits
from cavity.simulate.tumours import Tumours
from cavity.simulate.write import write_simulation

SIMULATORS = {
    "feature_grid": FeatureGrid,
    "gaussian_hierarchical": GaussianHierarchical,
    "gaussian_shared": GaussianShared,
    "lensing": Lensing,
    "orbits": Orbits,
    "tumours": Tumours,
}

__all__ = [
    "SIMULATORS",
    "FeatureGrid",
    "GaussianHierarchical",
    "GaussianShared",
    "Lensing",
    "Orbits",
    "Tumours",
    "write_simulation",
]
