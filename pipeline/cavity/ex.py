"""Example components and analysis: one-dimensional profiles, as the documents fit them."""

import numpy as np

from cavity.errors import AnalysisError
from cavity.graph.analysis import Analysis as BaseAnalysis

CENTRE = {
    "type": "Uniform",
    "lower_limit": 0.0,
    "upper_limit": 100.0,
    "label": "x_0",
    "unit": "pixel",
    "width_modifier": {"type": "Absolute", "value": 0.1},
}
NORMALIZATION = {
    "type": "LogUniform",
    "lower_limit": 1e-6,
    "upper_limit": 1e6,
    "label": "A",
    "width_modifier": {"type": "Relative", "value": 0.01},
    "limits": {"lower": 0.0},
}
SIGMA = {
    "type": "Uniform",
    "lower_limit": 0.0,
    "upper_limit": 25.0,
    "label": r"\sigma",
    "unit": "pixel",
    "width_modifier": {"type": "Relative", "value": 0.01},
    "limits": {"lower": 0.0},
}
RATE = {
    "type": "Uniform",
    "lower_limit": 0.0,
    "upper_limit": 1.0,
    "label": r"\lambda",
    "unit": "1/pixel",
    "width_modifier": {"type": "Relative", "value": 0.01},
    "limits": {"lower": 0.0},
}


class Gaussian:
    """A Gaussian profile.

    Parameters
    ----------
    centre, sigma
        In pixels.
    normalization
        The integral over x.
    """

    default_priors = {"centre": CENTRE, "normalization": NORMALIZATION, "sigma": SIGMA}

    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre = centre
        self.normalization = normalization
        self.sigma = sigma

    def model_data_from(self, xvalues):
        """The profile at ``xvalues``, the same shape."""
        height = self.normalization / (self.sigma * np.sqrt(2.0 * np.pi))
        return height * np.exp(-0.5 * ((xvalues - self.centre) / self.sigma) ** 2)


class Exponential:
    """A symmetric exponential profile.

    Parameters
    ----------
    centre
        In pixels.
    normalization
        Half the integral over x.
    rate
        In inverse pixels.
    """

    default_priors = {"centre": CENTRE, "normalization": NORMALIZATION, "rate": RATE}

    def __init__(self, centre=0.0, normalization=0.1, rate=0.01):
        self.centre = centre
        self.normalization = normalization
        self.rate = rate

    def model_data_from(self, xvalues):
        """The profile at ``xvalues``, the same shape."""
        return self.normalization * self.rate * np.exp(-self.rate * np.abs(xvalues - self.centre))


class Analysis(BaseAnalysis):
    """One profile with independent Gaussian noise in every pixel.

    Parameters
    ----------
    data, noise_map
        Shape (n_pixels,), in the same unit; x is 0, 1, 2, ...

    Raises
    ------
    AnalysisError
        If the shapes differ, or a noise is not above 0.
    """

    def __init__(self, data, noise_map):
        self.data, self.noise_map = np.asarray(data, float), np.asarray(noise_map, float)
        if self.data.shape != self.noise_map.shape or self.data.ndim != 1:
            raise AnalysisError(
                f"Analysis needs data and noise_map of one shape (n_pixels,), got {self.data.shape} "
                f"and {self.noise_map.shape}"
            )
        if not np.all(self.noise_map > 0.0):
            raise AnalysisError(f"the noise of pixel {int(np.argmin(self.noise_map))} is not above 0; mend the data")
        self.xvalues = np.arange(self.data.size, dtype=float)
        self._log_norm = -np.sum(np.log(np.sqrt(2.0 * np.pi) * self.noise_map))

    def log_likelihood_function(self, instance):
        """Log density of the data: -chi^2 / 2 and the normalisation of the noise."""
        residuals = (self.data - self.model_data(instance)) / self.noise_map
        return float(self._log_norm - 0.5 * np.dot(residuals, residuals))

    def model_data(self, instance):
        """The profile of an instance, or the sum of the profiles in a collection's instance; shape (n_pixels,)."""
        if hasattr(instance, "model_data_from"):
            return instance.model_data_from(xvalues=self.xvalues)
        return sum(self.model_data(part) for part in instance)


def plot_profile_1d(xvalues, profile_1d, errors=None, title="1D profile", ax=None):
    """Draw a profile against x, with error bars where there are errors; returns the Axes."""
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1] if ax is None else ax
    ax.errorbar(xvalues, profile_1d, yerr=errors, fmt=".", color="black", ecolor="0.6", markersize=3)
    ax.set(xlabel="x", ylabel="profile", title=title)
    return ax
