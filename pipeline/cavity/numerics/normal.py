"""Multivariate Gaussians in natural parameters, any number of them stacked on the leading axes."""

from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.types import Array

LOG_2PI = float(np.log(2 * np.pi))


def symmetric(matrix: Annotated[Array, "... D D"]) -> Annotated[Array, "... D D"]:
    """The symmetric part of matrices on the last two axes."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))


def is_positive_definite(matrix: Annotated[Array, "D D"]) -> bool:
    """Whether one matrix has a Cholesky factor."""
    if not np.isfinite(matrix).all():
        return False
    try:
        np.linalg.cholesky(symmetric(matrix))
    except np.linalg.LinAlgError:
        return False
    return True


class Gaussian(NamedTuple):
    """exp(-1/2 x^T precision x + shift^T x), up to a constant. It need not be proper: a site seldom is."""

    precision: Annotated[Array, "... D D"]
    shift: Annotated[Array, "... D"]  # precision @ mean

    @classmethod
    def from_moments(cls, mean: Annotated[Array, "... D"], covariance: Annotated[Array, "... D D"]) -> "Gaussian":
        """The proper Gaussian of a mean and a covariance."""
        precision = symmetric(np.linalg.inv(np.asarray(covariance, float)))
        return cls(precision, (precision @ np.asarray(mean, float)[..., None])[..., 0])

    @classmethod
    def flat(cls, *shape: int) -> "Gaussian":
        """The constant 1: ``flat(D)`` or ``flat(N, D)``."""
        return cls(np.zeros(shape + shape[-1:]), np.zeros(shape))

    @property
    def dimension(self) -> int:
        """D."""
        return self.shift.shape[-1]

    @property
    def covariance(self) -> Annotated[Array, "... D D"]:
        """The inverse of the precision."""
        return symmetric(np.linalg.inv(self.precision))

    @property
    def mean(self) -> Annotated[Array, "... D"]:
        """The point where it is largest."""
        return np.linalg.solve(self.precision, self.shift[..., None])[..., 0]

    @property
    def is_proper(self) -> bool:
        """Whether it has a mean and a covariance (of a stack: whether each does)."""
        flat = self.precision.reshape(-1, self.dimension, self.dimension)
        return all(is_positive_definite(matrix) for matrix in flat)

    def product(self, other: "Gaussian") -> "Gaussian":
        """Pointwise product; leading axes broadcast."""
        return Gaussian(self.precision + other.precision, self.shift + other.shift)

    def ratio(self, other: "Gaussian") -> "Gaussian":
        """Pointwise ratio: the cavity is the posterior's ratio to a site."""
        return Gaussian(self.precision - other.precision, self.shift - other.shift)

    def power(self, exponent: float) -> "Gaussian":
        """Damping: ``new.power(step).product(old.power(1 - step))``."""
        return Gaussian(exponent * self.precision, exponent * self.shift)

    def total(self) -> "Gaussian":
        """The product over the first axis of a stack, in the order of that axis."""
        return Gaussian(self.precision.sum(0), self.shift.sum(0))

    def log_factor(self, x: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"] | Annotated[Array, "Q N"]:
        """The unnormalised log value at x; [Q, N] for a stack of N."""
        x = np.asarray(x, float)
        if self.shift.ndim == 1:
            return x @ self.shift - 0.5 * np.einsum("qd,de,qe->q", x, self.precision, x)
        quadratic = np.einsum("qd,qe->qde", x, x).reshape(len(x), -1) @ self.precision.reshape(len(self.shift), -1).T
        return x @ self.shift.T - 0.5 * quadratic

    def log_density(self, x: Annotated[Array, "... D"]) -> Annotated[Array, "..."]:
        """The normalised log density of one proper Gaussian at x."""
        factor = np.linalg.cholesky(symmetric(self.precision))
        z = (np.asarray(x, float) - self.mean) @ factor
        return np.log(np.diagonal(factor)).sum() - 0.5 * (z * z).sum(-1) - 0.5 * self.dimension * LOG_2PI


def weighted_moments(
    x: Annotated[Array, "... S D"], log_weights: Annotated[Array, "... S"]
) -> tuple[Annotated[Array, "... D"], Annotated[Array, "... D D"]]:
    """Mean and covariance of weighted points; the weights are in any normalisation."""
    x = np.asarray(x, float)
    log_weights = np.asarray(log_weights, float)
    weights = np.exp(log_weights - log_weights.max(-1, keepdims=True))
    weights = weights / weights.sum(-1, keepdims=True)
    mean = (weights[..., None, :] @ x)[..., 0, :]
    centred = x - mean[..., None, :]
    return mean, symmetric(np.swapaxes(centred * weights[..., None], -1, -2) @ centred)
