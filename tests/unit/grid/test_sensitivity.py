"""Sensitivity maps of a linear model, whose evidence difference is known in closed form."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import ndtr

import cavity as cv
from cavity.errors import ModelError, SearchError, StudyError
from cavity.grid.sensitivity import Sensitivity

X = np.linspace(-1.0, 1.0, 40)
FEATURE = np.exp(-0.5 * (X / 0.2) ** 2)
NOISE, LEVEL_SD, MOST = 0.5, 3.0, 6.0


class Level:
    """A constant."""

    def __init__(self, height=0.0):
        self.height = height

    def profile(self):
        return np.full(X.size, self.height)


class Feature:
    """A bump of known place and width."""

    def __init__(self, amplitude=1.0):
        self.amplitude = amplitude

    def profile(self):
        return self.amplitude * FEATURE


class ProfileAnalysis(cv.Analysis):
    """The sum of all parts with Gaussian noise."""

    def __init__(self, data):
        self.data = data

    def log_likelihood_function(self, instance):
        residuals = (self.data - sum(part.profile() for part in instance)) / NOISE
        return float(-0.5 * residuals @ residuals)


def noiseless(instance, rng):
    return {"data": sum(part.profile() for part in instance)}


def noisy(instance, rng):
    return {"data": noiseless(instance, rng)["data"] + rng.normal(0.0, NOISE, X.size)}


def make(simulate=noiseless, steps=8, **settings):
    return Sensitivity(
        search=cv.Laplace(n_draws=2000),
        base_model=cv.Collection(level=cv.Model(Level, height=cv.GaussianPrior(0.0, LEVEL_SD))),
        perturbation=cv.Model(Feature, amplitude=cv.UniformPrior(0.0, MOST)),
        simulate=simulate,
        analysis=ProfileAnalysis,
        number_of_steps=steps,
        **settings,
    )


def exact_difference(data):
    """ln Z(level + feature) - ln Z(level): Gaussian algebra, the amplitude integrated from 0 to its largest value."""
    inverse = np.linalg.inv(NOISE**2 * np.eye(X.size) + LEVEL_SD**2)
    precision = FEATURE @ inverse @ FEATURE
    mode = FEATURE @ inverse @ data / precision
    inside = ndtr((MOST - mode) * np.sqrt(precision)) - ndtr(-mode * np.sqrt(precision))
    return 0.5 * precision * mode**2 + 0.5 * np.log(2.0 * np.pi / precision) + np.log(inside) - np.log(MOST)


@pytest.fixture(scope="module")
def noiseless_map():
    return make(steps=[{"values": [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]}]).fit()


def test_every_cell_has_the_exact_evidence_difference(noiseless_map):
    exact = [exact_difference(a * FEATURE) for a in noiseless_map.axes[0].lower]
    assert noiseless_map.log_evidence_differences == pytest.approx(exact, abs=0.05)
    assert np.all(noiseless_map.log_evidence_difference_errors < 0.05)
    assert noiseless_map.log_evidence_differences[0] < -1.0, "without a perturbation the simpler model wins"


def test_the_known_detection_threshold_is_found(noiseless_map):
    fine = np.linspace(0.0, 2.0, 4001)
    differences = np.array([exact_difference(a * FEATURE) for a in fine])
    exact = fine[np.flatnonzero(differences > 5.0)[0]]
    assert noiseless_map.threshold(5.0) == pytest.approx(exact, abs=0.03)
    assert noiseless_map.detected().tolist() == [a > exact for a in noiseless_map.axes[0].lower]
    assert np.isnan(noiseless_map.threshold(1e6)) and noiseless_map.threshold(-1e6, "amplitude") == -np.inf


def test_with_noise_each_cell_is_exact_for_its_own_data():
    seen = []

    def simulate(instance, rng):
        seen.append((instance.perturbation.amplitude, noisy(instance, rng)["data"]))
        return {"data": seen[-1][1]}

    found = make(simulate, steps=3).fit(seed=4)
    exact = {amplitude: exact_difference(data) for amplitude, data in seen}
    assert sorted(exact) == pytest.approx([1.0, 3.0, 5.0])
    assert found.log_evidence_differences == pytest.approx([exact[a] for a in sorted(exact)], abs=0.05)
    assert len({data.sum() for _, data in seen}) == 3, "a stream of noise for each cell"


def test_cores_do_not_change_the_numbers():
    one, two = (make(noisy, steps=2, number_of_cores=cores).fit(seed=4) for cores in (1, 2))
    np.testing.assert_array_equal(one.log_evidence_differences, two.log_evidence_differences)


def test_the_instance_given_is_what_is_simulated():
    seen = []

    def simulate(instance, rng):
        seen.append((instance.level.height, instance.perturbation.amplitude))
        return noiseless(instance, rng)

    sensitivity = make(simulate, steps=1)
    truth = sensitivity.base_model.instance_from_vector([1.5])
    sensitivity.fit(instance=truth)
    assert set(seen) == {(1.5, 3.0)} and not hasattr(truth, "perturbation")


def test_a_failed_cell_is_named_and_done_again_alone():
    broken, runs = [True], []

    class Fragile(ProfileAnalysis):
        def log_likelihood_function(self, instance):
            return float("nan") if broken[0] and self.data.max() > 4.0 else super().log_likelihood_function(instance)

    def analysis(data):
        runs.append(data.max())
        return Fragile(data)

    sensitivity = make(steps=3)
    sensitivity = Sensitivity(**{**vars(sensitivity), "analysis": analysis})
    first = sensitivity.fit()
    assert list(first.failed) == ["2"] and "amplitude in [4, 6], base model" in first.failed["2"]
    assert not first.detected()[2] and np.isnan(first.log_evidence_differences[2])
    broken[0], runs[:] = False, []
    second = sensitivity.fit(resume=first)
    assert runs == [pytest.approx(5.0, rel=0.02)] and not second.failed


@pytest.mark.parametrize(
    ("simulate", "sentence"),
    [
        (
            lambda instance, rng: {"data": np.zeros(3)},
            "simulate returned data of shape \\(3,\\); a dataset has \\(40,\\)",
        ),
        (lambda instance, rng: {"image": np.zeros(40)}, "simulate returned image; a dataset has data"),
        (lambda instance, rng: np.zeros(40), "simulate returned a ndarray; return a dict of arrays"),
        (lambda instance, rng: 1 / 0, "simulate failed at amplitude in \\[0, 3\\]: ZeroDivisionError"),
    ],
)
def test_a_wrong_simulate_function_is_one_sentence(simulate, sentence):
    with pytest.raises(StudyError, match=sentence):
        make(simulate, steps=2).fit(like={"data": np.zeros(40)})


def test_shapes_that_differ_between_cells_are_refused():
    with pytest.raises(StudyError, match="simulate returned data of shape"):
        make(lambda instance, rng: {"data": np.zeros(40 if instance.perturbation.amplitude < 3 else 41)}, steps=2).fit()


def test_bad_axes_are_one_sentence():
    with pytest.raises(SearchError, match="at least one step"):
        make(steps=0).fit()
    with pytest.raises(SearchError, match="amplitud is not a free parameter of the model; did you mean amplitude"):
        make().fit(grid_priors=["amplitud"])
    with pytest.raises(SearchError, match="2 entries for 1 grid_priors"):
        make(steps=[1, 2]).fit()
    bare = Sensitivity(**{**vars(make()), "base_model": cv.Model(Level, height=cv.GaussianPrior(0.0, 1.0))})
    with pytest.raises(ModelError, match="base_model must be a Collection"):
        bare.fit()


def test_the_closed_form_itself_agrees_with_quadrature():
    data = 0.7 * FEATURE + 0.3
    inverse = np.linalg.inv(NOISE**2 * np.eye(X.size) + LEVEL_SD**2)
    amplitudes = np.linspace(0.0, MOST, 20001)
    residuals = data - amplitudes[:, None] * FEATURE
    heights = -0.5 * np.einsum("ni,ij,nj->n", residuals, inverse, residuals)
    quadrature = np.log(trapezoid(np.exp(heights - heights[0]), amplitudes) / MOST)
    assert exact_difference(data) == pytest.approx(quadrature, abs=1e-4)
