"""Strong lenses in three steps: the lens's light, its mass and the source behind it, then all 17 parameters at once."""

import numpy as np
from profiles import Galaxy, GaussianPSF, LightDeVaucouleurs, LightExponential, MassIsothermal

import cavity as cv

PSF_SIGMA = 0.8  # pixels
INNER = 0.6  # arcseconds: inside, the lens's light outshines the arcs


class Analysis(cv.Analysis):
    """Lens light plus lensed source light, blurred, with independent Gaussian noise in every pixel.

    Pixels beyond ``radius`` are left out.
    """

    def __init__(self, x, y, image, noise_map, radius=np.inf):
        side = round(len(image) ** 0.5)
        self.x, self.y = x.reshape(side, side), y.reshape(side, side)
        self.data, self.noise_map = image.reshape(side, side), noise_map.reshape(side, side)
        self.psf = GaussianPSF(side, PSF_SIGMA)
        self.used = np.hypot(self.x, self.y) < radius
        self.weights = np.where(self.used, 1.0 / self.noise_map, 0.0)
        self.normalisation = -np.sum(np.log(self.noise_map[self.used] * np.sqrt(2.0 * np.pi)))

    def model_data(self, instance):
        image = instance.lens.image(self.x, self.y)
        if hasattr(instance, "source"):
            x, y = instance.lens.mass.deflections(self.x, self.y)
            image = image + instance.source.image(self.x - x, self.y - y)
        return self.psf.convolve(image)

    def log_likelihood_function(self, instance):
        residuals = ((self.data - self.model_data(instance)) * self.weights).ravel()
        return self.normalisation - 0.5 * np.dot(residuals, residuals)


def centre(sigma):
    return (cv.GaussianPrior(mean=0.0, sigma=sigma), cv.GaussianPrior(mean=0.0, sigma=sigma))


def shape():
    return {
        "axis_ratio": cv.UniformPrior(lower_limit=0.4, upper_limit=0.99),
        "angle": cv.UniformPrior(lower_limit=0.0, upper_limit=180.0),
    }


def brightness(radius):
    return {
        "intensity": cv.LogUniformPrior(lower_limit=0.1, upper_limit=10.0),
        "effective_radius": cv.LogUniformPrior(lower_limit=0.2 * radius, upper_limit=5.0 * radius),
    }


# What the lenses share: the Einstein radii are draws from one population.
population = cv.HierarchicalFactor(
    cv.GaussianPrior, mean=cv.GaussianPrior(mean=1.0, sigma=0.5), sigma=cv.HalfNormalPrior(sigma=0.3)
)


def light(dataset):
    """Six parameters: the lens's light, from the pixels where the arcs are faint."""
    bulge = cv.Model(LightDeVaucouleurs, centre=centre(0.1), **shape(), **brightness(0.5))
    model = cv.Collection(lens=cv.Model(Galaxy, redshift=0.5, bulge=bulge))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load(), radius=INNER))


def mass(dataset, previous):
    """Eleven parameters: the lens's mass and the source, with the lens's light as the first phase found it."""
    bulge = previous["light"].instance.lens.bulge
    isothermal = cv.Model(
        MassIsothermal,
        centre=centre(0.1),
        **shape(),
        einstein_radius=cv.UniformPrior(lower_limit=0.5, upper_limit=2.0),
    )
    disk = cv.Model(LightExponential, centre=centre(0.3), **shape(), **brightness(0.25))
    model = cv.Collection(
        lens=cv.Model(Galaxy, redshift=0.5, bulge=bulge, mass=isothermal),
        source=cv.Model(Galaxy, redshift=1.0, disk=disk),
    )
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def both(dataset, previous):
    """All seventeen parameters, each prior cut to where it was found; Einstein radii drawn from the population."""
    bulge = previous["light"].model_within(sds=10.0).lens.bulge
    found = previous["mass"].model_within(sds=15.0)
    found.lens.mass.einstein_radius = population.drawn_variable()
    model = cv.Collection(
        lens=cv.Model(Galaxy, redshift=0.5, bulge=bulge, mass=found.lens.mass),
        source=found.source,
    )
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))
