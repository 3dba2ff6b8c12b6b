"""Posteriors: samples, results, and the only code that knows HDF5."""

from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples

__all__ = ["PhaseResult", "Result", "Samples", "load_result", "save_result"]


def __getattr__(name):
    """A single fit's result needs priors and models; a job that only stores arrays does not load them."""
    if name in ("Result", "load_result", "save_result"):
        from cavity.posterior import result

        return getattr(result, name)
    raise AttributeError(f"module 'cavity.posterior' has no attribute {name!r}")
