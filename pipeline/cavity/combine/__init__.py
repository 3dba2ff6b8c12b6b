"""What is made of several fits: a comparison of models, an interpolation over a covariate."""

from cavity.combine.compare import compare_models
from cavity.combine.interpolate import LinearInterpolator, SplineInterpolator

__all__ = ["LinearInterpolator", "SplineInterpolator", "compare_models"]
