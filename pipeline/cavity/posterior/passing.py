"""Prior passing: a posterior becomes the prior of the next fit."""

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from cavity.errors import ResultError
from cavity.prior import DrawnVariable, GaussianPrior

FLOOR = 0.01  # of the old prior's sd


class Passing:
    """What a fit hands on: its model with this posterior as priors. A fit has ``fitted_model`` and ``samples``."""

    @cached_property
    def model(self):
        """:meth:`model_with` at its defaults; its parts are those of the fitted model."""
        return self.model_with()

    def model_with(self, factor=3.0, floor=None):
        """Each parameter gets a Gaussian at its posterior mean, cut at its old limits.

        Parameters
        ----------
        factor
            The new prior's sigma in posterior sds; 3 leaves room where the first fit was a rough one. Where the next
            fit sees the same data again, a factor of 1 would count them twice; at 3 its posterior is 5 % narrower than
            it should be, at 10 half a per cent.
        floor
            Smallest sigma, in the parameter's unit: a number, or {parameter name: number}; None: the width that
            priors.yaml gives, and a hundredth of the old prior's sd.
        """
        return self._with(model_with_gaussians(*self._own, factor, floor))

    def model_with_covariance(self, factor=3.0):
        """The same with the whole covariance: the parameters become relations of independent unit Gaussians."""
        return self._with(model_with_covariance(*self._own, factor))

    def model_within(self, sds=6.0):
        """The fitted model with each prior cut to the posterior mean plus and minus ``sds`` standard deviations.

        The prior's own density stays, so the data do not count twice: the next posterior is the one a single fit gives,
        found in a smaller space.
        """
        return self._with(model_confined(*self._own, sds))

    @property
    def _own(self):
        """(the part of the model that gets new priors, its samples)."""
        return self.fitted_model, self.samples

    def _with(self, passed):
        """The whole model, given its part with new priors."""
        return passed


def model_with_gaussians(model, samples, factor=3.0, floor=None):
    """The model with a Gaussian for each parameter: posterior mean, sigma max(factor sd, floor).

    It is cut at the limits that priors.yaml gives for passing, else at the old prior's. A drawn variable stays as it
    is: its parent is its prior.
    """
    _check(samples, factor)
    replacements = {}
    for prior, path, mean, sd in zip(model.priors, model.paths, samples.mean, samples.sd, strict=True):
        if isinstance(prior, DrawnVariable):
            continue
        settings = model.settings_at(path)
        smallest = _floor(prior, ".".join(path), floor, settings.least_sigma(mean))
        sigma = max(factor * sd, smallest, 1e-12 * abs(mean), np.finfo(float).tiny)
        limits = {
            "lower_limit": prior.lower_limit if settings.lower_limit is None else settings.lower_limit,
            "upper_limit": prior.upper_limit if settings.upper_limit is None else settings.upper_limit,
        }
        replacements[prior] = GaussianPrior(mean=float(mean), sigma=float(sigma), **limits)
    return model.replacing(replacements)


def model_with_covariance(model, samples, factor=3.0):
    """The model with the posterior's whole covariance as its prior.

    Each parameter becomes mean + factor L z, with L the Cholesky factor of the covariance and z independent unit
    Gaussians, which are the new free parameters. Finite limits become assertions.

    Raises
    ------
    ResultError
        If the covariance has no Cholesky factor: fewer samples than parameters, or a parameter that did not vary.
    """
    _check(samples, factor)
    if any(isinstance(prior, DrawnVariable) for prior in model.priors):
        raise ResultError("the covariance of a drawn variable cannot be passed on: its parent is its prior")
    try:
        scale = factor * np.linalg.cholesky(samples.covariance)
    except np.linalg.LinAlgError:
        raise ResultError("the posterior's covariance is singular; pass its sds alone with model_with") from None
    unit = [GaussianPrior(mean=0.0, sigma=1.0) for _ in model.priors]
    replacements = {}
    for j, prior in enumerate(model.priors):
        value = float(scale[j, 0]) * unit[0]
        for k in range(1, j + 1):
            value = value + float(scale[j, k]) * unit[k]
        replacements[prior] = value + float(samples.mean[j])
    passed = model.replacing(replacements)
    for prior, value in replacements.items():
        if math.isfinite(prior.lower_limit):
            passed.add_assertion(value > prior.lower_limit)
        if math.isfinite(prior.upper_limit):
            passed.add_assertion(value < prior.upper_limit)
    return passed


def model_confined(model, samples, sds=6.0):
    """The model with each prior cut to the posterior mean plus and minus ``sds`` standard deviations.

    The prior's own density stays, so the data do not count twice. A drawn variable stays as it is.
    """
    _check(samples, sds)
    cut = {}
    for prior, mean, sd in zip(model.priors, samples.mean, samples.sd, strict=True):
        if sd > 0.0 and not isinstance(prior, DrawnVariable):
            cut[prior] = prior.confined(float(mean - sds * sd), float(mean + sds * sd))
    return model.replacing(cut)


def _check(samples, factor):
    if not factor > 0.0:
        raise ResultError(f"prior passing needs a factor above 0, got {factor}")
    if not np.all(np.isfinite(samples.mean)):
        raise ResultError("the posterior mean is not finite, so it cannot become a prior")


def _floor(prior, name, floor, width):
    if isinstance(floor, Mapping):
        floor = floor.get(name)
    if floor is not None:
        return float(floor)
    sd = float(prior.moments()[1])
    return max(width, FLOOR * sd if math.isfinite(sd) else 0.0)
