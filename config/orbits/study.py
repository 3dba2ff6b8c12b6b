"""Radial velocities of stars seen on few nights: several periods fit, and eccentricities come from one population."""

from pathlib import Path

import numpy as np
from scipy.special import expit

import cavity as cv

SCALE = 20.0  # m/s: prior sd of a star's own velocity and of the two parts of the semi-amplitude


class Orbit:
    """What the velocity does not depend on linearly.

    ``shape`` is log(e / (1 - e)) of the eccentricity e, ``period`` is in days, and ``phase`` is the part of a period
    that has passed on day 0 since the planet was nearest to its star.
    """

    def __init__(self, shape=-1.0, period=10.0, phase=0.5):
        self.shape = shape
        self.period = period
        self.phase = phase

    def parts(self, days):
        """(..., 3, days): 1, cos nu + e and -sin nu at the true anomaly nu; a velocity is a sum of these."""
        eccentricity = expit(self.shape)
        eccentric = eccentric_anomaly(days / self.period + self.phase, eccentricity)
        away = 1.0 - eccentricity * np.cos(eccentric)
        cosine = (np.cos(eccentric) - eccentricity) / away
        sine = np.sqrt(1.0 - eccentricity**2) * np.sin(eccentric) / away
        return np.stack([np.ones_like(cosine), cosine + eccentricity, -sine], axis=-2)


def eccentric_anomaly(orbits, eccentricity):
    """Solution of Kepler's equation after so many orbits since periastron (Danby 1987: Newton's steps, his start)."""
    mean = 2.0 * np.pi * (np.mod(orbits + 0.5, 1.0) - 0.5)
    found = mean + 0.85 * np.sign(mean) * eccentricity
    for _ in range(10):
        found = found - (found - eccentricity * np.sin(found) - mean) / (1.0 - eccentricity * np.cos(found))
    return found


class Analysis(cv.Analysis):
    """Gaussian errors; the factors of the three parts, Gaussian themselves, are integrated out exactly."""

    def __init__(self, days, velocity, error):
        self.days, self.velocity, self.error = days, velocity, error
        self.constant = -0.5 * np.sum((velocity / error) ** 2) - np.sum(np.log(error * np.sqrt(2.0 * np.pi)))

    def factors(self, orbit):
        """Posterior mean of the three factors given the orbit, and the log likelihood without them."""
        weighted = orbit.parts(self.days) / self.error
        precision = weighted @ np.swapaxes(weighted, -1, -2) + np.eye(3) / SCALE**2
        projected = weighted @ (self.velocity / self.error)
        mean = np.linalg.solve(precision, projected[..., None])[..., 0]
        log_volume = 0.5 * np.linalg.slogdet(precision)[1] + 3.0 * np.log(SCALE)
        return mean, self.constant + 0.5 * np.sum(projected * mean, axis=-1) - log_volume

    def log_likelihood_function(self, instance):
        return float(self.factors(instance.orbit)[1])

    def log_likelihood_batch(self, arrays):
        """{path: (n,)} -> (n,): the same of n orbits at once, an axis of nights behind."""
        orbits = Orbit(**{path.split(".")[-1]: np.asarray(values)[:, None] for path, values in arrays.items()})
        return self.factors(orbits)[1]

    def visualize(self, paths, instance):
        """The best orbit so far, over its own period: at so few nights a line through them would show nothing."""
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots(figsize=(5.0, 3.2), layout="constrained")
        orbit, mean = instance.orbit, self.factors(instance.orbit)[0]
        turn = np.linspace(0.0, 1.0, 400)
        ax.plot(turn, mean @ orbit.parts((turn - orbit.phase) * orbit.period), color="#D55E00")
        ax.errorbar(np.mod(self.days / orbit.period + orbit.phase, 1.0), self.velocity, self.error, fmt="ko", ms=4)
        ax.set_title(f"period {orbit.period:.3f} days, eccentricity {expit(orbit.shape):.2f}", loc="left")
        ax.set_xlabel("orbits since periastron")
        ax.set_ylabel("velocity, m/s")
        figure.savefig(Path(paths.image_path) / "orbit.png", dpi=150)
        plt.close(figure)


# The population of shapes: what the study is after.
population = cv.HierarchicalFactor(
    cv.GaussianPrior, mean=cv.GaussianPrior(mean=-1.0, sigma=1.0), sigma=cv.HalfNormalPrior(sigma=1.0)
)


def factor(dataset):
    """Each star has one planet, on an orbit whose shape is drawn from the population."""
    orbit = cv.Model(
        Orbit,
        shape=population.drawn_variable(),
        period=cv.LogUniformPrior(lower_limit=4.0, upper_limit=40.0),
        phase=cv.UniformPrior(lower_limit=0.0, upper_limit=1.0),
    )
    return cv.AnalysisFactor(prior_model=cv.Collection(orbit=orbit), analysis=Analysis(**dataset.load()))
