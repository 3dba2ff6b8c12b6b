"""The talk: a Gaussian fitted with emcee, customised models, analyses and searches, the database, a lens model.

What had to be mended: the profile's missing square; classes and docstrings that are not closed; analyses that print
four lines a call; a zero lower limit of a LogUniformPrior (a typed error here); ``apt.EmceePlotter(samples).corner()``,
which is ``af.plot.plot_corner(samples)``; ``instance.lens.bulgecentre`` and ``instance.sources`` (a lost dot, an s); a
galaxy that is given ``bulge`` and ``mass``, arguments it does not have, and must find them among its attributes; the
database, which is written from the results before it is read.
"""

from os import path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cavity as af
from cavity.errors import PriorError

from .check import assert_truth
from .profiles import (
    Exponential,
    Galaxy,
    Gaussian,
    GaussianKurtosis,
    LightDeVaucouleurs,
    LightExponential,
    MassIsothermal,
)

PRIORS = """
Gaussian:
  centre: {type: Uniform, lower_limit: 0.0, upper_limit: 100.0}
  intensity: {type: LogUniform, lower_limit: 1.0e-2, upper_limit: 1.0e+2}
  sigma: {type: Uniform, lower_limit: 0.0, upper_limit: 25.0}
GaussianKurtosis:
  kurtosis: {type: Uniform, lower_limit: 0.0, upper_limit: 1.0}
Exponential:
  centre: {type: Uniform, lower_limit: 0.0, upper_limit: 100.0}
  intensity: {type: LogUniform, lower_limit: 1.0e-2, upper_limit: 1.0e+2}
  rate: {type: Uniform, lower_limit: 0.0, upper_limit: 1.0}
"""
PROFILE = """
  centre_0: {type: Gaussian, mean: 0.0, sigma: 0.3, unit: arcsec}
  centre_1: {type: Gaussian, mean: 0.0, sigma: 0.3, unit: arcsec}
  axis_ratio: {type: Uniform, lower_limit: 0.2, upper_limit: 1.0}
  angle: {type: Uniform, lower_limit: 0.0, upper_limit: 180.0}
"""
LIGHT = """
  intensity: {type: LogUniform, lower_limit: 1.0e-4, upper_limit: 1.0e+4}
  effective_radius: {type: Uniform, lower_limit: 0.0, upper_limit: 5.0}
"""
LENS_PRIORS = "".join(
    f"\n{name}:{PROFILE.rstrip()}{rest.rstrip()}"
    for name, rest in (
        ("LightDeVaucouleurs", LIGHT),
        ("LightExponential", LIGHT),
        ("MassIsothermal", "\n  mass: {type: Uniform, lower_limit: 0.0, upper_limit: 4.0}"),
    )
)
TRUTH = (50.0, 25.0, 10.0)


@pytest.fixture(autouse=True)
def defaults(tmp_path):
    """Default priors from a configuration file, as the talk has them."""
    (tmp_path / "priors.yaml").write_text(PRIORS + LENS_PRIORS)
    with af.default_priors(tmp_path / "priors.yaml"):
        yield


class Analysis(af.Analysis):
    def __init__(self, data, noise_map):
        self.data = data
        self.noise_map = noise_map

    def log_likelihood_function(self, instance):
        xvalues = np.arange(self.data.shape[0])
        model_data = instance.profile_from_xvalues(xvalues=xvalues)
        residual_map = self.data - model_data
        chi_squared_map = (residual_map / self.noise_map) ** 2.0
        log_likelihood = -0.5 * sum(chi_squared_map)
        return log_likelihood

    def visualize(self, paths, instance):
        xvalues = np.arange(self.data.shape[0])
        model_data = instance.profile_from_xvalues(xvalues=xvalues)
        residual_map = self.data - model_data
        plt.errorbar(x=xvalues, y=residual_map, color="k", ecolor="k")
        plt.title("1D Residual Map")
        plt.savefig(path.join(paths.image_path, "residual_map.png"))
        plt.clf()


def analysis_of(dataset="gaussian_x1_identical_0"):
    folder = path.join("dataset", "example_1d", dataset)
    data = af.util.numpy_array_from_json(file_path=path.join(folder, "data.json"))
    noise_map = af.util.numpy_array_from_json(file_path=path.join(folder, "noise_map.json"))
    return Analysis(data=data, noise_map=noise_map)


# --- one Gaussian ---------------------------------------------------------------------------------------------------


def check_samples(samples, truth):
    """The talk's tour of a result."""
    assert len(samples.parameter_lists[-10:]) == 10 and isinstance(samples.parameter_lists[9][2], float)
    median_pdf_vector = samples.median_pdf_vector
    vector_at_upper_sigma = samples.vector_at_upper_sigma(sigma=3.0)
    vector_at_lower_sigma = samples.vector_at_lower_sigma(sigma=3.0)
    for low, median, high, true in zip(vector_at_lower_sigma, median_pdf_vector, vector_at_upper_sigma, truth):
        assert low < median < high and low < true < high
    mp_instance = samples.median_pdf_instance
    assert (mp_instance.centre, mp_instance.intensity, mp_instance.sigma) == tuple(median_pdf_vector)
    assert_truth(samples, truth)
    figure = af.plot.plot_corner(samples)
    assert figure is not None
    plt.close("all")


@pytest.mark.parametrize("nsteps", [300, pytest.param(2000, marks=pytest.mark.long)])
def test_a_gaussian_is_fitted_with_emcee(nsteps):
    model = af.Model(Gaussian)
    analysis = analysis_of()
    emcee = af.Emcee(nwalkers=50, nsteps=nsteps)
    result = emcee.fit(model=model, analysis=analysis)
    check_samples(result.samples, TRUTH)


def test_a_search_is_customised_and_its_fit_visualised(tmp_path):
    emcee = af.Emcee(
        name="example_mcmc",
        nwalkers=50,
        nsteps=2000,
        initializer=af.InitializerBall(lower_limit=0.49, upper_limit=0.51),
        auto_correlations_settings=af.AutoCorrelationsSettings(
            check_for_convergence=True, check_size=100, required_length=50, change_threshold=0.01
        ),
    )
    assert emcee.settings()["auto_correlations_settings"]["required_length"] == 50
    short = af.Emcee(
        name="example_mcmc",
        nwalkers=20,
        nsteps=400,
        initializer=emcee.initializer,
        auto_correlations_settings=emcee.auto_correlations_settings,
    )
    result = short.fit(model=af.Model(Gaussian), analysis=analysis_of())
    folder = tmp_path / "output" / "example_mcmc" / result.identity
    assert (folder / "image" / "residual_map.png").stat().st_size > 1000 and (folder / "result.h5").is_file()
    assert_truth(result.samples, TRUTH)


@pytest.mark.long
def test_the_customised_search_of_the_talk():
    emcee = af.Emcee(
        name="example_mcmc",
        nwalkers=50,
        nsteps=2000,
        initializer=af.InitializerBall(lower_limit=0.49, upper_limit=0.51),
        auto_correlations_settings=af.AutoCorrelationsSettings(
            check_for_convergence=True, check_size=100, required_length=50, change_threshold=0.01
        ),
    )
    check_samples(emcee.fit(model=af.Model(Gaussian), analysis=analysis_of()).samples, TRUTH)


# --- composition ----------------------------------------------------------------------------------------------------


def test_a_model_is_customised():
    gaussian_0 = af.Model(Gaussian)
    gaussian_1 = af.Model(Gaussian)
    gaussian_0.centre = af.UniformPrior(lower_limit=0.0, upper_limit=100.0)
    with pytest.raises(PriorError, match="lower_limit"):
        af.LogUniformPrior(lower_limit=0.0, upper_limit=1e2)
    gaussian_0.intensity = af.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
    gaussian_0.sigma = af.GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
    assert af.Collection(gaussian_0=gaussian_0, gaussian_1=gaussian_1).prior_count == 6
    gaussian_0.sigma = 0.5
    assert af.Collection(gaussian_0=gaussian_0, gaussian_1=gaussian_1).prior_count == 5
    gaussian_0.centre = gaussian_1.centre
    gaussian_1.add_assertion(gaussian_1.sigma > 5.0)
    model = af.Collection(gaussian_0=gaussian_0, gaussian_1=gaussian_1)
    assert model.prior_count == 4
    instance = model.instance_from_prior_medians()
    assert instance.gaussian_0.centre == instance.gaussian_1.centre == 50.0 and instance.gaussian_0.sigma == 0.5
    compiled = model.compile()
    names = list(compiled.names)
    vector = compiled.vector(np.full(4, 0.5))
    for sigma, inside in ((4.9, False), (5.1, True)):
        vector[names.index("gaussian_1.sigma")] = sigma
        assert compiled.satisfies(vector) is inside


def test_components_inherit_their_parameters():
    model = af.Collection(gaussian=GaussianKurtosis, exponential=Exponential)
    assert model.parameter_names == (
        "gaussian.centre",
        "gaussian.intensity",
        "gaussian.sigma",
        "gaussian.kurtosis",
        "exponential.centre",
        "exponential.intensity",
        "exponential.rate",
    )
    gaussian = model.instance_from_prior_medians().gaussian
    assert isinstance(gaussian, GaussianKurtosis) and gaussian.kurtosis == 0.5


def test_the_talks_graph_has_a_shared_centre(truth):
    centre_shared_prior = af.GaussianPrior(mean=50.0, sigma=30.0)
    factors = []
    for index in range(3):
        gaussian = af.Model(Gaussian)
        gaussian.centre = centre_shared_prior
        gaussian.intensity = af.GaussianPrior(mean=10.0, sigma=10.0)
        gaussian.sigma = af.GaussianPrior(mean=10.0, sigma=10.0)
        prior_model = af.Collection(gaussian=gaussian)
        analysis = CollectionAnalysis(*vars(analysis_of(f"gaussian_x1__low_snr/dataset_{index}")).values())
        factors.append(af.AnalysisFactor(prior_model=prior_model, analysis=analysis))
        expected = 3 + 2 * index
        assert af.FactorGraphModel(*factors).global_prior_model.prior_count == expected
    factor_graph = af.FactorGraphModel(*factors)
    results = af.Laplace().fit(model=factor_graph.global_prior_model, analysis=factor_graph)
    centre = results[0].samples.subset(["gaussian.centre"])
    assert_truth(centre, [truth["low_snr"]["centre"]])


class CollectionAnalysis(Analysis):
    def log_likelihood_function(self, instance):
        return super().log_likelihood_function(instance.gaussian)


# --- the lens -------------------------------------------------------------------------------------------------------


def lens_model():
    lens_galaxy_model = af.Model(Galaxy, redshift=0.5, bulge=LightDeVaucouleurs, mass=MassIsothermal)
    source_galaxy_model = af.Model(Galaxy, redshift=1.0, disk=LightExponential)
    return af.Collection(lens=lens_galaxy_model, source=source_galaxy_model)


class LensAnalysis(af.Analysis):
    def __init__(self, image, noise_map, psf, grid):
        self.image = image
        self.noise_map = noise_map
        self.psf = psf
        self.grid = grid

    def log_likelihood_function(self, instance):
        residual_map = self.image - self.model_image(instance)
        chi_squared_map = (residual_map / self.noise_map) ** 2.0
        return -0.5 * sum(chi_squared_map)

    def model_image(self, instance):
        lens_image = instance.lens.image_from_grid(grid=self.grid)
        deflections = instance.lens.deflections_from_grid(grid=self.grid)
        source_grid = self.grid - deflections
        source_image = instance.source.image_from_grid(grid=source_grid)
        return self.psf.convolve(lens_image + source_image)


class NoBlur:
    """A point spread function that leaves images as they are."""

    def convolve(self, image):
        return image


def test_the_lens_model_has_every_parameter_of_its_profiles():
    """The talk counts 16, its own classes give 17: bulge 6, mass 5, disk 6 (a centre is two numbers), redshifts fixed.

    No one parameter of theirs is singled out as fixed or linked, and the centres of bulge and mass as one make 15.
    """
    model = lens_model()
    assert (model.lens.bulge.prior_count, model.lens.mass.prior_count, model.source.disk.prior_count) == (6, 5, 6)
    assert model.prior_count == 17
    assert model.parameter_names[:2] == ("lens.bulge.centre.centre_0", "lens.bulge.centre.centre_1")
    listed = af.Model(Galaxy, redshift=0.5, light_profiles=[LightDeVaucouleurs], mass_profiles=[MassIsothermal])
    assert listed.prior_count == 11 and len(listed.instance_from_prior_medians().mass_profiles) == 1
    model.lens.mass.centre = model.lens.bulge.centre
    assert model.prior_count == 15
    instance = model.instance_from_prior_medians()
    assert isinstance(instance.lens.bulge, LightDeVaucouleurs) and instance.lens.redshift == 0.5
    assert instance.lens.bulge.centre == instance.lens.mass.centre == (0.0, 0.0)


def lens_analysis(seed=1):
    """An image of 15 x 15 pixels of 0.3 arcsec, and the model's instance that made it."""
    axis = 0.3 * (np.arange(15) - 7.0)
    grid = np.array([(y, x) for y in axis for x in axis])
    truth = lens_model().instance_from_unit_vector(np.random.default_rng(seed).uniform(0.35, 0.65, 17))
    analysis = LensAnalysis(np.zeros(len(grid)), np.full(len(grid), 0.05), NoBlur(), grid)
    analysis.image = analysis.model_image(truth) + 0.05 * np.random.default_rng(seed).normal(size=len(grid))
    return analysis, truth


def test_the_lens_analysis_uses_the_galaxies_methods():
    analysis, truth = lens_analysis()
    best = analysis.log_likelihood_function(truth)
    assert -2.0 * best == pytest.approx(225.0, abs=4.0 * np.sqrt(450.0))
    assert analysis.log_likelihood_function(lens_model().instance_from_prior_medians()) < best


def test_the_database_is_asked_for_a_kind_of_bulge():
    analysis, _ = lens_analysis()
    free = {"lens.bulge.intensity", "lens.mass.mass", "source.disk.intensity"}
    for bulge in (LightDeVaucouleurs, LightExponential):
        model = lens_model()
        model.lens.bulge = bulge
        compiled = model.compile()
        medians = dict(zip(compiled.priors, compiled.vector(np.full(17, 0.5))))
        names = dict(zip(compiled.priors, compiled.names))
        model = model.replacing({prior: value for prior, value in medians.items() if names[prior] not in free})
        assert model.prior_count == 3
        af.Laplace(name=f"lens_{bulge.__name__}", n_draws=100).fit(model=model, analysis=analysis)
    af.Aggregator.from_directory("output").write("database.sqlite")

    agg = af.Aggregator.from_database("database.sqlite")
    bulge = agg.lens.bulge
    agg_query = agg.query(bulge == LightDeVaucouleurs)
    found = [samples.max_log_likelihood_instance for samples in agg_query.values("samples")]
    assert len(agg) == 2 and len(found) == 1
    assert type(found[0].lens.bulge) is LightDeVaucouleurs and type(found[0].source.disk) is LightExponential
    assert len(agg.query((agg.lens.mass.mass > 0.0) & (agg.lens.redshift == 0.5))) == 2


# --- many searches --------------------------------------------------------------------------------------------------


def test_searches_are_chained():
    """A fast search of one Gaussian starts the next where it ended."""
    first = af.Laplace().fit(model=af.Model(Gaussian), analysis=analysis_of())
    passed = first.model
    assert all(isinstance(prior, af.GaussianPrior) for prior in passed.priors)
    second = af.DynestyStatic(nlive=40, sample="rwalk", walks=10).fit(model=passed, analysis=analysis_of())
    assert second.samples.calls > 0
    assert_truth(second.samples, TRUTH)


def test_a_grid_of_searches():
    grid = af.SearchGridSearch(search=af.Laplace(n_draws=200), number_of_steps=4, number_of_cores=1)
    model = af.Model(Gaussian)
    result = grid.fit(model=model, analysis=analysis_of(), grid_priors=[model.centre])
    best = int(np.argmax(result.log_evidence_values))
    assert result.log_evidence_values.size == 4 and best in (1, 2)
