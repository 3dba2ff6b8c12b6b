"""A polynomial in place of a sum over very many sites: near Gaussian there, and a few hundred evaluations fix it."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.propagate.bank import SiteBank
from cavity.propagate.design import features, monomials
from cavity.propagate.transform import GlobalSpace

MOST_CUBIC = 10  # dimensions up to which the polynomial has all cubic terms
POINTS_PER_TERM = 2.5
SPREAD = 1.4  # of the design, in posterior sds


def design_points(
    mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"], seed: int = 17
) -> Annotated[Array, "n D"]:
    """Where to evaluate the sum of log l: phi [n, D], spread 1.4 sds around q's mean."""
    D = len(mean)
    n = int(np.ceil(POINTS_PER_TERM * (len(_exponents(D)) + 1)))
    z = SPREAD * sobol_normal(n, D, seed)
    return np.asarray(mean, float) + z @ np.linalg.cholesky(covariance).T


def _exponents(D):
    return monomials(D, 3 if D <= MOST_CUBIC else 2)


@dataclass(frozen=True, eq=False)
class FittedDensity:
    """log prior + a polynomial for sum log l; call it with phi [Q, D].

    Parameters
    ----------
    space
        The global space.
    mean, factor
        [D], and the Cholesky factor [D, D] of the covariance that whitens the polynomial's argument.
    coefficients
        Of the constant and the monomials.
    error
        Root mean square of the leave-one-out error in log density, weighted by q.
    """

    space: GlobalSpace
    mean: Annotated[Array, "D"]
    factor: Annotated[Array, "D D"]
    coefficients: Annotated[Array, "F"]
    error: float

    @classmethod
    def fit(
        cls,
        space: GlobalSpace,
        mean: Annotated[Array, "D"],
        covariance: Annotated[Array, "D D"],
        points: Annotated[Array, "n D"],
        sums: Annotated[Array, "n"],
    ) -> "FittedDensity":
        """From the sums over all sites of log l [n] at :func:`design_points`; shards may add them up."""
        mean, factor = np.asarray(mean, float), np.linalg.cholesky(covariance)
        z = np.linalg.solve(factor, (points - mean).T).T
        root = np.exp(-0.25 * (z * z).sum(1) * (1 - 1 / SPREAD**2))  # root of the weights that make the design q's
        matrix = np.concatenate([np.ones((len(z), 1)), features(z, _exponents(len(mean)))], 1) * root[:, None]
        inverse = np.linalg.pinv(matrix)
        coefficients = inverse @ (sums * root)
        leverage = np.clip(np.einsum("nf,fn->n", matrix, inverse), 0.0, 0.99)
        left_out = (sums * root - matrix @ coefficients) / (1 - leverage)
        return cls(space, mean, factor, coefficients, float(np.sqrt((left_out**2).sum() / (root**2).sum())))

    def __call__(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        z = np.linalg.solve(self.factor, (np.asarray(phi, float) - self.mean).T).T
        D = len(self.mean)
        value = self.coefficients[0] + features(z, _exponents(D)) @ self.coefficients[1:]
        far = (z * z).sum(1) > (np.sqrt(D) + 4.5) ** 2  # no polynomial is trusted there, and no mass is
        return np.where(far, -np.inf, value + self.space.log_prior(phi))


def fitted_density(
    space: GlobalSpace, bank: SiteBank, mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"], seed: int = 17
) -> FittedDensity:
    """A :class:`FittedDensity` from one bank."""
    points = design_points(mean, covariance, seed)
    return FittedDensity.fit(space, mean, covariance, points, bank.log_l(points).sum(1))
