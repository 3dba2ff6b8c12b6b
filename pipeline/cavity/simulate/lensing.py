"""Images of strong lenses: an elliptical galaxy, the arcs of a background disk around it, a blur, pixel noise."""

from dataclasses import dataclass

import numpy as np

from cavity.rng import generator
from cavity.simulate.simulation import Simulation


@dataclass(frozen=True, kw_only=True)
class Lensing:
    """Lenses whose Einstein radii come from a Gaussian population.

    Parameters
    ----------
    datasets
        How many lenses.
    mean, sigma
        The population of Einstein radii, in arcseconds.
    pixels
        Pixels along a side.
    pixel_scale
        Arcseconds a pixel.
    blur
        Standard deviation of the round Gaussian point spread function, in pixels.
    noise
        Standard deviation of the noise in every pixel.
    """

    datasets: int = 5
    mean: float = 1.2
    sigma: float = 0.15
    pixels: int = 24
    pixel_scale: float = 0.22
    blur: float = 0.8
    noise: float = 0.2

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed; images are flattened to one row a pixel."""
        rng = generator(seed, "lensing")
        axis = (np.arange(self.pixels) - 0.5 * (self.pixels - 1)) * self.pixel_scale
        x, y = (part.ravel() for part in np.meshgrid(axis, axis))
        kernel = blur_matrix(self.pixels, self.blur)
        data, truth = {}, {"population.mean": self.mean, "population.sigma": self.sigma}
        for number in range(1, self.datasets + 1):
            lens = draw_lens(rng, self.mean, self.sigma)
            image = lens_image(x, y, lens).reshape(self.pixels, self.pixels)
            image = (kernel @ image @ kernel.T).ravel()
            name = f"lens{number}"
            noisy = image + rng.normal(0.0, self.noise, image.size)
            data[name] = {"x": x, "y": y, "image": noisy, "noise_map": np.full(image.size, self.noise)}
            truth |= {f"{name}.{path}": float(value) for path, value in lens.items()}
        return Simulation(data=data, truth=truth)


def draw_lens(rng, mean, sigma):
    """The parameters of one lens by their path in the model."""
    bulge_angle = rng.uniform(30.0, 150.0)
    return {
        "lens.bulge.centre.centre_0": rng.normal(0.0, 0.03),
        "lens.bulge.centre.centre_1": rng.normal(0.0, 0.03),
        "lens.bulge.axis_ratio": rng.uniform(0.6, 0.85),
        "lens.bulge.angle": bulge_angle,
        "lens.bulge.intensity": rng.uniform(0.8, 1.2),
        "lens.bulge.effective_radius": rng.uniform(0.4, 0.6),
        "lens.mass.centre.centre_0": rng.normal(0.0, 0.03),
        "lens.mass.centre.centre_1": rng.normal(0.0, 0.03),
        "lens.mass.axis_ratio": rng.uniform(0.65, 0.85),
        "lens.mass.angle": bulge_angle + rng.normal(0.0, 5.0),
        "lens.mass.einstein_radius": rng.normal(mean, sigma),
        "source.disk.centre.centre_0": rng.uniform(0.05, 0.2) * rng.choice([-1.0, 1.0]),
        "source.disk.centre.centre_1": rng.uniform(0.05, 0.2) * rng.choice([-1.0, 1.0]),
        "source.disk.axis_ratio": rng.uniform(0.55, 0.8),
        "source.disk.angle": rng.uniform(40.0, 140.0),
        "source.disk.intensity": rng.uniform(0.8, 1.2),
        "source.disk.effective_radius": rng.uniform(0.2, 0.3),
    }


def lens_image(x, y, lens):
    """Surface brightness of a lens at the points (x, y) before the blur."""
    bulge, mass, disk = (_part(lens, part) for part in ("lens.bulge", "lens.mass", "source.disk"))
    radius = elliptical_radius(x, y, bulge)
    image = bulge["intensity"] * np.exp(-7.669 * ((radius / bulge["effective_radius"]) ** 0.25 - 1.0))
    deflection_x, deflection_y = isothermal_deflections(x, y, mass)
    radius = elliptical_radius(x - deflection_x, y - deflection_y, disk)
    return image + disk["intensity"] * np.exp(-1.678 * (radius / disk["effective_radius"] - 1.0))


def elliptical_radius(x, y, profile):
    """sqrt(q x'^2 + y'^2 / q) along the axes of a profile: the ellipse of the same area as a circle of this radius."""
    along, across = _rotated(x, y, profile)
    return np.sqrt(profile["axis_ratio"] * along**2 + across**2 / profile["axis_ratio"])


def isothermal_deflections(x, y, mass):
    """Deflection angles of an elliptical isothermal mass (Kormann, Schneider & Bartelmann 1994, A&A 284, 285)."""
    along, across = _rotated(x, y, mass)
    q = mass["axis_ratio"]
    f = np.sqrt(1.0 - q**2)
    psi = np.sqrt(q**2 * along**2 + across**2)
    strength = mass["einstein_radius"] * np.sqrt(q) / f
    a, b = strength * np.arctan(f * along / psi), strength * np.arctanh(f * across / psi)
    angle = np.deg2rad(mass["angle"])
    return a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)


def blur_matrix(n, sigma):
    """(n, n): one axis of a round Gaussian blur, what falls off the edge is lost; image -> K image K^T."""
    away = np.arange(n)[:, None] - np.arange(n)
    kernel = np.exp(-0.5 * (away / sigma) ** 2)
    return kernel / np.exp(-0.5 * (np.arange(-n, n + 1) / sigma) ** 2).sum()


def _rotated(x, y, profile):
    angle = np.deg2rad(profile["angle"])
    x, y = x - profile["centre.centre_0"], y - profile["centre.centre_1"]
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _part(lens, prefix):
    return {path[len(prefix) + 1 :]: value for path, value in lens.items() if path.startswith(f"{prefix}.")}
