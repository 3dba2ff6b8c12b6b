"""Seeded simulators: each writes data files, a table of datasets and the truth behind them."""
from cavity.simulate.gaussians import GaussianHierarchical, GaussianShared
from cavity.simulate.write import write_simulation

SIMULATORS = {"gaussian_hierarchical": GaussianHierarchical, "gaussian_shared": GaussianShared}

__all__ = ["SIMULATORS", "GaussianHierarchical", "GaussianShared", "write_simulation"]
