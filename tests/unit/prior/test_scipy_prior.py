"""Priors from scipy.stats."""

import numpy as np
import pytest
import scipy.stats

from cavity.errors import PriorError
from cavity.prior import GaussianPrior, ScipyPrior, as_prior, is_frozen_distribution, prior_from_dict

DISTRIBUTIONS = [
    scipy.stats.skewnorm(4.0, loc=1.0, scale=2.0),
    scipy.stats.weibull_min(1.5),
    scipy.stats.truncnorm(-1.0, 2.0, loc=3.0, scale=2.0),
    scipy.stats.invgamma(4.0),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda frozen: frozen.dist.name)
def test_it_is_a_distribution(check_prior, distribution):
    check_prior(as_prior(distribution), moments=distribution.dist.name != "invgamma")


def test_limits_are_the_support():
    prior = as_prior(scipy.stats.truncnorm(-1.0, 2.0, loc=3.0, scale=2.0))
    assert (prior.lower_limit, prior.upper_limit) == (1.0, 7.0)
    assert prior.log_prob(7.5) == -np.inf


def test_a_prior_stays_itself():
    prior = GaussianPrior(0.0, 1.0)
    assert as_prior(prior) is prior
    assert not is_frozen_distribution(prior)


@pytest.mark.parametrize("wrong", [scipy.stats.norm, scipy.stats.poisson(3.0), 3.0])
def test_what_is_not_frozen_and_continuous_is_refused(wrong):
    with pytest.raises(PriorError, match="frozen continuous distribution"):
        ScipyPrior(wrong)


def test_an_unknown_name_has_the_nearest():
    with pytest.raises(PriorError, match="no continuous distribution skewnrm; did you mean skewnorm?"):
        prior_from_dict({"type": "ScipyPrior", "distribution": "skewnrm", "args": [1.0]})
