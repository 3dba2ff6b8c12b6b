"""The talk's own components: profiles in one dimension, and galaxies made of light and mass profiles."""

import numpy as np


class Gaussian:
    def __init__(self, centre=0.0, intensity=0.1, sigma=0.01):
        self.centre = centre
        self.intensity = intensity
        self.sigma = sigma

    def profile_from_xvalues(self, xvalues):
        transformed_xvalues = xvalues - self.centre
        return (self.intensity / (self.sigma * (2.0 * np.pi) ** 0.5)) * np.exp(
            -0.5 * (transformed_xvalues / self.sigma) ** 2
        )


class GaussianKurtosis(Gaussian):
    def __init__(self, centre=0.0, intensity=0.1, sigma=0.01, kurtosis=0.1):
        super().__init__(centre=centre, intensity=intensity, sigma=sigma)
        self.kurtosis = kurtosis


class Exponential:
    def __init__(self, centre=0.0, intensity=0.1, rate=0.01):
        self.centre = centre
        self.intensity = intensity
        self.rate = rate


class LightDeVaucouleurs:
    exponent = 0.25

    def __init__(
        self,
        centre: tuple[float, float] = (0.0, 0.0),
        axis_ratio: float = 1.0,
        angle: float = 0.0,
        intensity: float = 0.1,
        effective_radius: float = 0.6,
    ):
        self.centre = centre
        self.axis_ratio = axis_ratio
        self.angle = angle
        self.intensity = intensity
        self.effective_radius = effective_radius

    def image_from_grid(self, grid: np.ndarray) -> np.ndarray:
        radii = elliptical_radii(grid, self.centre, self.axis_ratio, self.angle)
        return self.intensity * np.exp(-((radii / self.effective_radius) ** self.exponent))


class LightExponential(LightDeVaucouleurs):
    exponent = 1.0


class MassIsothermal:
    def __init__(
        self,
        centre: tuple[float, float] = (0.0, 0.0),
        axis_ratio: float = 1.0,
        angle: float = 0.0,
        mass: float = 1.0,
    ):
        self.centre = centre
        self.axis_ratio = axis_ratio
        self.angle = angle
        self.mass = mass

    def deflections_from_grid(self, grid: np.ndarray) -> np.ndarray:
        radii = elliptical_radii(grid, self.centre, self.axis_ratio, self.angle)
        return self.mass * (grid - np.array(self.centre)) / (radii[:, None] + 1e-6)


class Galaxy:
    """A galaxy at a redshift: its profiles are those attributes that have an image or deflections."""

    def __init__(
        self,
        redshift: float,
        light_profiles: list | None = None,
        mass_profiles: list | None = None,
    ):
        self.redshift = redshift
        self.light_profiles = light_profiles
        self.mass_profiles = mass_profiles

    def image_from_grid(self, grid: np.ndarray) -> np.ndarray:
        profiles = (self.light_profiles or []) + [p for p in vars(self).values() if hasattr(p, "image_from_grid")]
        return sum((p.image_from_grid(grid=grid) for p in profiles), np.zeros((grid.shape[0],)))

    def deflections_from_grid(self, grid: np.ndarray) -> np.ndarray:
        profiles = (self.mass_profiles or []) + [p for p in vars(self).values() if hasattr(p, "deflections_from_grid")]
        return sum((p.deflections_from_grid(grid=grid) for p in profiles), np.zeros((grid.shape[0], 2)))


def elliptical_radii(grid, centre, axis_ratio, angle):
    """Distances from a centre in a frame turned by an angle in degrees and stretched by an axis ratio."""
    y, x = (grid - np.array(centre)).T
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.hypot(x * cos + y * sin, (y * cos - x * sin) / axis_ratio)
