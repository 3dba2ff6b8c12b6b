"""Prior passing on a model of its own; the result's side is in test_result."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.graph import HierarchicalFactor
from cavity.model import Collection
from cavity.posterior.passing import model_confined, model_with_covariance, model_with_gaussians
from cavity.posterior.samples import Samples
from cavity.prior import DrawnVariable, GaussianPrior, HalfCauchyPrior, UniformPrior


def samples_for(model, mean=1.0):
    values = np.random.default_rng(1).normal(mean, 0.1, size=(500, model.prior_count))
    return Samples(names=model.parameter_names, values=values)


def test_relations_follow_their_parameters():
    x = UniformPrior(0.0, 10.0)
    model = Collection(x=x, double=2.0 * x)
    passed = model_with_gaussians(model, samples_for(model))
    instance = passed.instance_from_vector([3.0])
    assert passed.prior_count == 1 and instance.double == 6.0


def test_a_drawn_variable_keeps_its_parent():
    parent = HierarchicalFactor(GaussianPrior, mean=0.0, sigma=1.0)
    model = Collection(a=parent.drawn_variable(), b=UniformPrior(0.0, 10.0))
    passed = model_with_gaussians(model, samples_for(model))
    assert isinstance(passed.priors[0], DrawnVariable) and isinstance(passed.priors[1], GaussianPrior)
    with pytest.raises(ResultError, match="its parent is its prior"):
        model_with_covariance(model, samples_for(model))


def test_a_prior_without_moments_has_no_floor():
    model = Collection(a=HalfCauchyPrior(1.0))
    samples = samples_for(model)
    assert model_with_gaussians(model, samples, factor=2.0).priors[0].sigma == pytest.approx(2.0 * samples.sd[0])


def test_a_parameter_that_did_not_vary_gets_a_proper_prior():
    model = Collection(a=HalfCauchyPrior(1.0))
    prior = model_with_gaussians(model, Samples(names=("a",), values=np.ones((5, 1)))).priors[0]
    assert prior.sigma > 0.0


def test_a_posterior_without_a_mean_is_refused():
    model = Collection(a=UniformPrior(0.0, 1.0))
    with pytest.raises(ResultError, match="not finite"):
        model_with_gaussians(model, Samples(names=("a",), values=[[np.nan], [1.0]]))


def test_a_confined_prior_keeps_its_own_density():
    parent = HierarchicalFactor(GaussianPrior, mean=0.0, sigma=1.0)
    prior = UniformPrior(0.0, 10.0)
    model = Collection(a=parent.drawn_variable(), b=prior)
    samples = samples_for(model)
    passed = model_confined(model, samples, sds=4.0)
    drawn, cut = passed.priors
    assert isinstance(drawn, DrawnVariable)
    low, high = samples.mean[1] - 4.0 * samples.sd[1], samples.mean[1] + 4.0 * samples.sd[1]
    assert (cut.lower_limit, cut.upper_limit) == pytest.approx((low, high))
    assert cut.value_for(0.25) == pytest.approx(0.75 * low + 0.25 * high)
    with pytest.raises(ResultError, match="above 0"):
        model_confined(model, samples, sds=0.0)
