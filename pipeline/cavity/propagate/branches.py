"""Sites that were built around several modes, as one bank: each mode's own where its surrogates are to be read."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from cavity.numerics.parts import PARTS
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp
from cavity.propagate.bank import SiteBank
from cavity.propagate.particles import Score


class Branches:
    """Banks of the same datasets, one a mode; what :class:`SiteBank` offers, of the branch that a point belongs to.

    A point belongs to the branch whose worst surrogate is nearest to its centre there, so the branches divide the space
    and no mass counts twice.

    Parameters
    ----------
    banks
        One a mode, the same datasets in the same order.
    """

    def __init__(self, banks: Sequence[SiteBank]):
        self.banks = tuple(banks)
        first = banks[0]
        self.space, self.N, self.datasets, self.links, self.sites = (
            first.space,
            first.N,
            first.datasets,
            first.links,
            first.sites,
        )

    @property
    def n_particles(self) -> int:
        """All particles of a branch: what one evaluation costs."""
        return self.banks[0].n_particles

    def which(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """The branch of each point."""
        return np.argmin([bank.reach(phi) for bank in self.banks], axis=0)

    def _gathered(self, phi, empty, function):
        """An array over points, each from its own branch."""
        phi = np.asarray(phi, float)
        result, which = empty(len(phi)), self.which(phi)
        for k, bank in enumerate(self.banks):
            own = which == k
            if own.any():
                result[own] = function(bank, phi[own])
        return result

    def log_l(self, phi: Annotated[Array, "Q D"], correction: bool = True) -> Annotated[Array, "Q N"]:
        """As of a bank."""
        return self._gathered(phi, lambda Q: np.empty((Q, self.N)), lambda bank, x: bank.log_l(x, correction))

    def log_density(self, phi: Annotated[Array, "Q D"], correction: bool = True) -> Annotated[Array, "Q"]:
        """As of a bank."""
        return self._gathered(phi, np.empty, lambda bank, x: bank.log_density(x, correction))

    def log_density_gradient(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """As of a bank."""
        return self._gathered(phi, lambda Q: np.empty((Q, phi.shape[1])), lambda bank, x: bank.log_density_gradient(x))

    def inside(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """As of a bank."""
        return self._gathered(phi, lambda Q: np.empty(Q, bool), lambda bank, x: bank.inside(x))

    def score(self, phi: Annotated[Array, "D"]) -> Score:
        """As of a bank."""
        return self.banks[self.which(np.asarray(phi, float)[None])[0]].score(phi)

    def shell_mass(self, phi: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"]) -> float:
        """The share of weighted draws beyond a design of their own branch, the worst axis of any."""
        which, top = self.which(phi), log_sum_exp(log_weights)
        shares = [0.0]
        for k, bank in enumerate(self.banks):
            own = which == k
            if np.isfinite(log_weights[own]).any():
                mass = np.exp(log_sum_exp(log_weights[own]) - top)
                shares.append(mass * bank.shell_mass(phi[own], log_weights[own]))
        return float(sum(shares))

    def part_ratios(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N parts"]:
        """As of a bank."""
        return self._gathered(phi, lambda Q: np.empty((Q, self.N, PARTS)), lambda bank, x: bank.part_ratios(x))

    def thinned(self, centres: Annotated[Array, "K D"]) -> "Branches":
        """As of a bank, every branch at the centres that belong to it, at all of them where none does."""
        which = self.which(centres)
        own = [centres[which == k] if (which == k).any() else centres for k in range(len(self.banks))]
        return Branches([bank.thinned(points) for bank, points in zip(self.banks, own)])
