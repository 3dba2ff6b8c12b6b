"""Radial velocities of stars with a planet each, observed on few nights."""

from dataclasses import dataclass

import numpy as np

from cavity.rng import generator
from cavity.simulate.simulation import Simulation

NIGHTS = 60  # in which a star is observed
PERIODS = (4.0, 40.0)  # days


@dataclass(frozen=True, kw_only=True)
class Orbits:
    """Stars whose planets' eccentricities come from a population that is Gaussian in log(e / (1 - e)).

    Parameters
    ----------
    datasets
        How many stars.
    mean, sigma
        The population of log(e / (1 - e)).
    observations
        Of each star, each on a night of its own.
    error
        Standard deviation of a velocity, in m/s.
    """

    datasets: int = 10
    mean: float = -1.0
    sigma: float = 0.7
    observations: int = 9
    error: float = 3.0

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed."""
        rng = generator(seed, "orbits")
        data, truth = {}, {"population.mean": self.mean, "population.sigma": self.sigma}
        width = max(2, len(str(self.datasets)))
        for number in range(1, self.datasets + 1):
            nights = np.sort(rng.choice(NIGHTS, self.observations, replace=False))
            days = nights - 0.5 * NIGHTS + rng.uniform(-0.15, 0.15, self.observations)
            orbit = draw_orbit(rng, rng.normal(self.mean, self.sigma))
            amplitude, argument = rng.uniform(10.0, 20.0), rng.uniform(0.0, 2.0 * np.pi)
            along, across = amplitude * np.cos(argument), amplitude * np.sin(argument)
            velocity = rng.normal(0.0, 10.0) + velocities(days, orbit, along, across)
            name = f"star{number:0{width}d}"
            velocity = velocity + rng.normal(0.0, self.error, self.observations)
            data[name] = {"days": days, "velocity": velocity, "error": np.full(self.observations, self.error)}
            truth |= {f"{name}.orbit.{key}": float(value) for key, value in orbit.items()}
        return Simulation(data=data, truth=truth)


def draw_orbit(rng, shape):
    """The parameters of one orbit that its velocity does not depend on linearly."""
    return {
        "shape": shape,
        "period": np.exp(rng.uniform(*np.log(PERIODS))),
        "phase": rng.uniform(0.0, 1.0),
    }


def velocities(days, orbit, along, across):
    """Without the star's own: ``along (cos nu + e) - across sin nu`` at the true anomaly nu.

    In the unit of ``along`` and ``across``: the semi-amplitude times the cosine and sine of the argument of periastron.
    """
    eccentricity = 1.0 / (1.0 + np.exp(-orbit["shape"]))
    mean_anomaly = 2.0 * np.pi * (days / orbit["period"] + orbit["phase"])
    eccentric = mean_anomaly.copy()
    for _ in range(200):  # contracts by e each time
        eccentric = mean_anomaly + eccentricity * np.sin(eccentric)
    away = 1.0 - eccentricity * np.cos(eccentric)
    cosine = (np.cos(eccentric) - eccentricity) / away
    sine = np.sqrt(1.0 - eccentricity**2) * np.sin(eccentric) / away
    return along * (cosine + eccentricity) - across * sine
