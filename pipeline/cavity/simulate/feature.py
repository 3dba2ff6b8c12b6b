"""One-dimensional Gaussian profiles, one of them with a faint narrow feature: what a grid search is for."""

from dataclasses import dataclass

import numpy as np

from cavity.rng import generator
from cavity.simulate.gaussians import PIXELS, gaussian_profile
from cavity.simulate.simulation import Simulation


@dataclass(frozen=True, kw_only=True)
class FeatureGrid:
    """Two profiles of 100 pixels: ``faint`` has a feature, ``plain`` has none.

    Parameters
    ----------
    centre, normalization, sigma
        Of the feature; the profiles themselves are centred at pixel 50 with sigma 10 and integral 25.
    noise
        Standard deviation of the noise in every pixel.
    """

    centre: float = 70.0
    normalization: float = 0.6
    sigma: float = 1.5
    noise: float = 0.05

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed."""
        rng = generator(seed, "feature_grid")
        data, truth = {}, {}
        for name, has_feature in (("faint", True), ("plain", False)):
            profile = gaussian_profile(PIXELS, 50.0, 25.0, 10.0)
            truth |= {
                f"{name}.gaussian.centre": 50.0,
                f"{name}.gaussian.normalization": 25.0,
                f"{name}.gaussian.sigma": 10.0,
            }
            if has_feature:
                profile = profile + gaussian_profile(PIXELS, self.centre, self.normalization, self.sigma)
                truth |= {
                    f"{name}.feature.centre": self.centre,
                    f"{name}.feature.normalization": self.normalization,
                    f"{name}.feature.sigma": self.sigma,
                }
            noise_map = np.full(PIXELS.size, self.noise)
            data[name] = {"data": profile + rng.normal(0.0, self.noise, PIXELS.size), "noise_map": noise_map}
        return Simulation(data=data, truth=truth)
