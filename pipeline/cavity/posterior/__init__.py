"""Posteriors: samples, results, and the only code that knows HDF5."""
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples

__all__ = ["PhaseResult", "Samples"]
