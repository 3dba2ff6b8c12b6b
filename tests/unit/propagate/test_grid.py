"""Quadrature over one or two globals."""

import numpy as np
import pytest
from scipy import stats

from cavity.errors import PropagationError
from cavity.prior import GaussianPrior, UniformPrior
from cavity.propagate import GlobalSpace, SiteBank, build_table, grid_pass


def test_two_globals(normal):
    result = grid_pass(normal.space, normal.bank)
    mean, covariance = result.moments()
    assert result.method == "grid"
    assert result.log_evidence == pytest.approx(normal.log_evidence, abs=0.02)
    assert result.log_evidence_error < 1e-4
    assert (np.abs(mean - normal.mean) < 0.02 * normal.sd).all()
    assert np.allclose(np.sqrt(np.diag(covariance)), normal.sd, rtol=0.02)


def test_a_needle_in_a_bounded_prior_is_found_and_zoomed_into():
    space = GlobalSpace.from_priors(["a"], [UniformPrior(0.0, 1.0)])
    ticks = np.unique(np.concatenate([np.linspace(-6, 6, 41), 0.5 + 0.01 * np.linspace(-6, 6, 41)]))[:, None]
    site = build_table("d", {"drawn": [], "shared": ["a"]}, ticks, -0.5 * ((ticks.T - 0.5) / 0.002) ** 2, np.zeros(1))
    result = grid_pass(space, SiteBank([site], space))
    assert result.moments()[0][0] == pytest.approx(0.5, abs=1e-4)
    assert np.sqrt(result.moments()[1][0, 0]) == pytest.approx(0.002, rel=0.02)


def test_a_prior_cut_by_the_box_has_half_a_cell_at_each_end():
    space = GlobalSpace.from_priors(["a"], [GaussianPrior(0.0, 2.0)])
    result = grid_pass(space, SiteBank([], space), (np.zeros(1), np.array([2.0])))
    cut = stats.truncnorm(0.0, 1.0, scale=2.0)
    assert result.log_evidence == pytest.approx(np.log(stats.norm.cdf(1.0) - 0.5), abs=1e-6)
    assert result.moments()[0][0] == pytest.approx(cut.mean(), abs=1e-5)
    assert result.moments()[1][0, 0] == pytest.approx(cut.var(), abs=1e-5)


def test_more_globals_are_refused():
    space = GlobalSpace.from_priors("abc", [UniformPrior(0.0, 1.0)] * 3)
    with pytest.raises(PropagationError, match="this fit has 3"):
        grid_pass(space, SiteBank([], space))
