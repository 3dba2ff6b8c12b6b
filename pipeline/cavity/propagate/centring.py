"""Centred coordinates for Markov chains: a drawn coordinate as itself where data tell more of it than its parent does.

Everything else works with its position z in the parent. There a chain is slow where the data are strong: the width of
z goes as 1 / sigma (Papaspiliopoulos, Roberts & Skoeld 2007; Betancourt & Girolami 2015).
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from cavity.numerics.types import Array
from cavity.propagate.link import Link
from cavity.propagate.transform import GlobalSpace

Density = Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q"]]
Gradient = Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q D"]]


class Centring:
    """phi with some drawn coordinates exchanged for ``mean + sigma z``.

    Parameters
    ----------
    space
        The global space.
    information
        [D] what the data tell of each coordinate at the mode: minus the second derivative of sum log l with respect to
        phi, where the prior of a position has 1. More than 1, and the coordinate is centred; not where limits cut it.
    """

    def __init__(self, space: GlobalSpace, information: Annotated[Array, "D"]):
        self._links = []  # (coordinate, its parent's mean and log sigma), parents first
        for j in space.drawn:
            law = space.laws[j]
            if information[j] > 1.0 and not law.is_cut:
                item = {"name": space.names[j], "family": law.family, "mean": law.mean, "sigma": law.sigma}
                self._links.append((j, Link({"drawn": [item]}, space)))

    def to_phi(self, u: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """From centred coordinates to phi."""
        phi = np.array(u, float)
        for j, link in self._links:
            mean, log_sigma = link.eta(phi).T
            phi[:, j] = (phi[:, j] - mean) * np.exp(-log_sigma)
        return phi

    def from_phi(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """The inverse of :meth:`to_phi`."""
        u = np.array(phi, float)
        for j, link in self._links:
            mean, log_sigma = link.eta(np.asarray(phi, float)).T
            u[:, j] = mean + np.exp(log_sigma) * phi[:, j]
        return u

    def log_density(self, target: Density) -> Density:
        """The density of u, from that of phi: Jacobian included."""

        def density(u):
            phi = self.to_phi(u)
            with np.errstate(invalid="ignore"):
                value = target(phi) - sum((link.eta(phi)[:, 1] for _, link in self._links), np.zeros(len(phi)))
            return np.where(np.isnan(value), -np.inf, value)

        return density

    def gradient(self, slope: Gradient) -> Gradient:
        """The gradient of :meth:`log_density`, from that of phi's: what depends on a parent is handed up to it."""

        def centred(u):
            phi = self.to_phi(u)
            total = np.array(slope(phi), float)
            for j, link in reversed(self._links):
                jet = link.jet(phi)
                (mean, log_sigma), own = jet.jacobian.transpose(1, 0, 2), total[:, j : j + 1]
                inverse = np.exp(-jet.value[:, 1:])
                total = total - own * (mean * inverse + phi[:, j : j + 1] * log_sigma) - log_sigma
                total[:, j] = (own * inverse)[:, 0]
            return total

        return centred
