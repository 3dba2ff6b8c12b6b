"""Tables of shared parameters: modes, nodes, noise."""

import numpy as np
import pytest
from tests.unit.strategy.small import context

from cavity.propagate.table_site import build_table
from cavity.strategy import loop, tables
from cavity.strategy.round import Plan, Searched
from cavity.strategy.site_search import search_site


def test_modes_within_five_nats_are_counted():
    x = np.linspace(-10, 10, 401)
    two = np.logaddexp(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2 - 2.0)
    assert tables.count_modes(two) == 2
    assert tables.count_modes(np.logaddexp(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2 - 7.0)) == 1


def test_modes_of_a_plane():
    x = np.linspace(-8, 8, 81)
    a, b = np.meshgrid(x, x, indexing="ij")
    assert tables.count_modes(-0.5 * (a**2 + b**2)) == 1


def test_nodes_cover_the_mass_and_are_denser_where_it_is():
    x = np.linspace(-10, 10, 801)
    nodes = tables.place_nodes([x], -0.5 * x**2, 41)[:, 0]
    assert nodes[0] < -4 and nodes[-1] > 4
    assert np.diff(nodes)[20] < np.diff(nodes)[0]


def test_moments_of_a_landscape():
    x = np.linspace(-10, 10, 2001)
    mean, covariance = tables.landscape_moments([x], -0.5 * ((x - 1.0) / 0.7) ** 2)
    assert mean[0] == pytest.approx(1.0, abs=1e-6) and covariance[0, 0] == pytest.approx(0.49, rel=1e-4)


def test_cells_of_a_tensor_grid_fill_the_volume():
    nodes = np.stack([a.ravel() for a in np.meshgrid([0.0, 1.0, 3.0], [0.0, 2.0], indexing="ij")], -1)
    widths = np.multiply.outer([1.0, 1.5, 2.0], [2.0, 2.0]).ravel()
    assert np.exp(tables._log_cells(nodes)) == pytest.approx(widths)


def many_tables(log_l, n=80):
    """Joined tables of one dataset of which ``log_l`` (random numbers [200, 1], nodes [41]) is known; denser below."""
    nodes, c, found = 12.0 * np.linspace(0.0, 1.0, 41) ** 1.5 - 5.0, context(n=1, kind="shared"), []
    for seed in range(n):
        values = log_l(np.random.default_rng(seed).normal(size=(200, 1)), nodes)
        link, ratio = {"drawn": [], "shared": ["effect"]}, np.full(200, -np.log(200))
        site = build_table("d0", link, nodes[:, None], values, ratio)
        found.append(tables.aggregate_tables(c, {"d0": Searched("d0", 2, "table", 9, ess=1.0, site=site)}))
    return found


def test_the_error_of_the_mean_is_what_many_tables_show():
    found = many_tables(lambda random, x: -0.5 * (1.0 - x - 0.5 * random) ** 2)
    shown = np.std([joined.mean[0] for joined in found]) / np.sqrt(found[0].covariance[0, 0])
    assert np.mean([joined.mcse[0] for joined in found]) == pytest.approx(shown, rel=0.25)


def test_the_error_of_the_evidence_is_what_many_tables_show():
    found = many_tables(lambda random, x: -0.5 * (1.0 - x) ** 2 + 0.5 * random)
    shown = np.std([joined.log_evidence for joined in found])
    assert np.mean([joined.log_evidence_error for joined in found]) == pytest.approx(shown, rel=0.25)
    assert max(joined.mcse[0] for joined in found) < 1e-5


def test_a_table_is_the_likelihood_with_the_local_parameters_integrated_out():
    """offset ~ N(0, 1), measured with noise .5; y - effect = offset with unit noise: a Gaussian integral."""
    c, effect = context(n=2, kind="shared"), np.linspace(-3.0, 3.0, 13)
    nodes = c.space.phi(effect[:, None])
    found = search_site(c, "d1", loop.plan_round(c))
    for number, n_draws in ((1, 4000), (2, 8000)):  # the second weighs its draws together with the first's
        plan = Plan(number, "table", ("d1",), n_draws=n_draws, nodes=nodes, node_log_mass=-0.5 * effect**2)
        found = search_site(c, "d1", plan, found)
    exact = -0.5 * np.log(6.0) - 5 / 12 * (2.0 - effect) ** 2
    assert found.site.log_l == pytest.approx(exact, abs=0.02)
