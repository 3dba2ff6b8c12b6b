"""What must be true of every prior."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import quad

from cavity.prior import prior_from_dict

UNITS = np.concatenate([[1e-6, 1e-4, 1e-3], np.linspace(0.01, 0.99, 25), [0.999, 0.9999]])


def check_quantiles(prior, tolerance=1e-8):
    """cdf(value_for(u)) == u, limits hold, and a float gives what an array gives."""
    values = prior.value_for(UNITS)
    assert np.all((values >= prior.lower_limit) & (values <= prior.upper_limit))
    assert np.all(np.diff(values) >= 0.0)
    assert np.allclose(prior.cdf(values), UNITS, rtol=0.0, atol=tolerance)
    assert float(prior.value_for(0.3)) == pytest.approx(prior.value_for(np.array([0.3]))[0], rel=1e-14)
    for end in (prior.value_for(0.0), prior.value_for(1.0)):
        assert prior.lower_limit <= end <= prior.upper_limit


def check_density(prior, tolerance=1e-6):
    """exp(log_prob) is the derivative of the cdf over the bulk, and nothing lies outside the limits."""
    edges = prior.value_for(np.linspace(0.001, 0.999, 9))
    for low, high in zip(edges[:-1], edges[1:]):
        mass, _ = quad(lambda x: math.exp(prior.log_prob(x)), low, high)
        assert mass == pytest.approx(0.998 / 8.0, abs=tolerance)
    assert [prior.log_prob(float(x)) for x in edges] == pytest.approx(list(prior.log_prob(edges)), rel=1e-12)
    for limit, outside in ((prior.lower_limit, -1.0), (prior.upper_limit, 1.0)):
        if math.isfinite(limit):
            beyond = limit + outside * (1.0 + abs(limit))
            assert prior.log_prob(beyond) == -math.inf
            assert prior.cdf(beyond) == pytest.approx(0.5 + 0.5 * outside, abs=1e-12)


def check_moments(prior, tolerance=1e-4):
    """Mean and sd are those of the quantile function, by quadrature on panels that narrow to both ends."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    low = np.concatenate([[0.0], np.geomspace(1e-12, 0.5, 60)])
    edges = np.concatenate([low, 1.0 - low[-2::-1]])
    half = 0.5 * np.diff(edges)[:, None]
    values = prior.value_for(edges[:-1, None] + half * (1.0 + nodes))
    mean = np.sum(half * weights * values)
    sd = math.sqrt(np.sum(half * weights * (values - mean) ** 2))
    assert prior.moments()[0] == pytest.approx(mean, abs=tolerance * sd)
    assert prior.moments()[1] == pytest.approx(sd, rel=tolerance)


def check_stored(prior):
    """JSON and back gives the same bits, and another parameter."""
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict(), allow_nan=False)))
    assert type(again) is type(prior) and again is not prior and again != prior
    assert again.to_dict() == prior.to_dict()
    assert np.array_equal(again.value_for(UNITS), prior.value_for(UNITS))


def check_confined(prior, tolerance=1e-6):
    """A box renormalises: cdf and density are the whole ones over the mass inside, and limits are kept."""
    low, high = (float(prior.value_for(unit)) for unit in (0.2, 0.7))
    inside = prior.confined(low, high)
    assert (inside.lower_limit, inside.upper_limit) == (low, high)
    x = prior.value_for(np.linspace(0.21, 0.69, 7))
    assert np.allclose(inside.cdf(x), (prior.cdf(x) - prior.cdf(low)) / 0.5, atol=tolerance)
    assert np.allclose(inside.log_prob(x), prior.log_prob(x) - math.log(0.5), atol=tolerance)
    assert prior.log_mass(low, high) == pytest.approx(math.log(0.5), abs=tolerance)
    narrower = inside.confined(-math.inf, float(prior.value_for(0.5)))
    assert narrower.lower_limit == low
    check_quantiles(inside)
    check_stored(inside)


@pytest.fixture(scope="session")
def check_prior():
    """All checks on one prior."""

    def check(prior, *, moments=True):
        check_quantiles(prior)
        check_density(prior)
        check_stored(prior)
        check_confined(prior)
        if moments:
            check_moments(prior)

    return check
