"""Light and mass of galaxies as classes: their constructors' arguments are the parameters of a lens model."""

import numpy as np


class EllipticalProfile:
    """Something with a centre (arcseconds), the ratio of its axes, and the angle of its long axis (degrees from x)."""

    def __init__(self, centre=(0.0, 0.0), axis_ratio=0.8, angle=0.0):
        self.centre = centre
        self.axis_ratio = axis_ratio
        self.angle = angle
        self.cosine, self.sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))

    def to_axes(self, x, y):
        """Coordinates along and across the long axis."""
        x, y = x - self.centre[0], y - self.centre[1]
        return x * self.cosine + y * self.sine, y * self.cosine - x * self.sine

    def from_axes(self, along, across):
        """The inverse rotation, of a vector."""
        return along * self.cosine - across * self.sine, along * self.sine + across * self.cosine

    def radius(self, x, y):
        """Of the ellipse through a point: that of the circle with the same area."""
        along, across = self.to_axes(x, y)
        return np.sqrt(self.axis_ratio * along**2 + across**2 / self.axis_ratio)


class LightDeVaucouleurs(EllipticalProfile):
    """The light of an elliptical galaxy; ``intensity`` is that at the effective radius."""

    def __init__(self, centre=(0.0, 0.0), axis_ratio=0.8, angle=0.0, intensity=1.0, effective_radius=0.5):
        super().__init__(centre, axis_ratio, angle)
        self.intensity = intensity
        self.effective_radius = effective_radius

    def image(self, x, y):
        return self.intensity * np.exp(-7.669 * ((self.radius(x, y) / self.effective_radius) ** 0.25 - 1.0))


class LightExponential(LightDeVaucouleurs):
    """The light of a disk."""

    def image(self, x, y):
        return self.intensity * np.exp(-1.678 * (self.radius(x, y) / self.effective_radius - 1.0))


class MassIsothermal(EllipticalProfile):
    """A mass whose density falls as 1 / radius; it bends light by its Einstein radius (arcseconds)."""

    def __init__(self, centre=(0.0, 0.0), axis_ratio=0.8, angle=0.0, einstein_radius=1.0):
        super().__init__(centre, axis_ratio, angle)
        self.einstein_radius = einstein_radius

    def deflections(self, x, y):
        """Kormann, Schneider & Bartelmann 1994, A&A 284, 285."""
        along, across = self.to_axes(x, y)
        q = self.axis_ratio
        f = np.sqrt(1.0 - q**2)
        psi = np.sqrt(q**2 * along**2 + across**2)
        strength = self.einstein_radius * np.sqrt(q) / f
        return self.from_axes(strength * np.arctan(f * along / psi), strength * np.arctanh(f * across / psi))


class Galaxy:
    """Profiles at one redshift; any of them may be missing."""

    def __init__(self, redshift=0.5, bulge=None, disk=None, mass=None):
        self.redshift = redshift
        self.light = [profile for profile in (bulge, disk) if profile is not None]
        self.bulge, self.disk, self.mass = bulge, disk, mass

    def image(self, x, y):
        return sum(profile.image(x, y) for profile in self.light)


class GaussianPSF:
    """A round Gaussian blur of a square image: one matrix an axis."""

    def __init__(self, pixels, sigma):
        away = np.arange(pixels)[:, None] - np.arange(pixels)
        norm = np.exp(-0.5 * (np.arange(-pixels, pixels + 1) / sigma) ** 2).sum()
        self.kernel = np.exp(-0.5 * (away / sigma) ** 2) / norm

    def convolve(self, image):
        return self.kernel @ image @ self.kernel.T
