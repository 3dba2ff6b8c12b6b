"""Sweeps and Newton steps on a hierarchy known by quadrature."""

import numpy as np

from cavity.propagate.sweep import describe_stall, initial, newton, propagate, sweep, whitened_nodes


def test_q_is_close_to_the_posterior(normal):
    mean, covariance, info = newton(normal.space, normal.bank, *normal.space.start())
    assert info.converged and info.move > 0
    state, infos = propagate(normal.space, normal.bank, mean, covariance)
    assert not infos[-1].stalled and infos[-1].move < 1e-4
    assert (np.abs(state.gaussian.mean - normal.mean) < 0.1 * normal.sd).all()
    assert np.allclose(
        np.sqrt(np.diag(state.gaussian.covariance)), normal.sd, rtol=0.1
    )  # the exact pass finds the rest


def test_q_is_the_product_of_its_factors_and_does_not_depend_on_the_start(normal):
    ends = []
    for start, covariance in ((normal.mean + 1.0, 0.3 * np.eye(2)), (normal.mean, np.diag(normal.sd**2))):
        state, _ = propagate(normal.space, normal.bank, start, covariance)
        assert np.allclose(state.gaussian.precision, state.prior.precision + state.sites.precision.sum(0))
        ends.append(state.gaussian.mean)
    assert np.allclose(*ends, atol=1e-3 * normal.sd)


def test_the_site_of_a_gaussian_hyperprior_is_that_gaussian(normal):
    state, _ = propagate(normal.space, normal.bank, normal.mean, np.diag(normal.sd**2))
    assert np.allclose(state.prior.precision[0], [0.25, 0.0], atol=1e-9)  # of N(0, 2)
    assert abs(state.prior.shift[0]) < 1e-9


def test_the_mode_has_no_gradient(normal):
    mean, covariance, _ = newton(normal.space, normal.bank, *normal.space.start())
    gradient = normal.bank.log_density_gradient(mean[None])[0]
    assert np.abs(gradient * np.sqrt(np.diag(covariance))).max() < 1e-3


def test_nodes_are_standard_to_rounding_and_one_for_many_sites():
    z = whitened_nodes(3, 10)
    assert np.allclose(z.mean(0), 0, atol=1e-12) and np.allclose(z.T @ z / len(z), np.eye(3), atol=1e-12)
    assert whitened_nodes(3, 100_000).tolist() == [[0.0, 0.0, 0.0]]


def test_one_node_is_newtons_method(normal):
    state, _ = propagate(normal.space, normal.bank, normal.mean, np.diag(normal.sd**2), n_nodes=1)
    mode, covariance, _ = newton(normal.space, normal.bank, normal.mean, np.diag(normal.sd**2))
    assert (np.abs(state.gaussian.mean - mode) < 0.1 * np.sqrt(np.diag(covariance))).all()


def test_a_step_is_shortened_rather_than_leap_far(normal):
    start = initial(normal.space, normal.bank, normal.mean + 30 * normal.sd, np.diag(normal.sd**2))
    state, info = sweep(start, normal.space, normal.bank, whitened_nodes(2, 15), first=True)
    assert info.halvings > 0
    assert info.stalled or info.move < 3


def test_a_stall_leaves_q_proper_and_can_be_told(normal):
    class Absurd:
        N, datasets = 1, ("d9",)

        def scores(self, phi):
            Q = len(phi)
            grad, hess = np.full((Q, 1, 2), 1e9), np.tile(1e6 * np.eye(2), (Q, 1, 1, 1))
            return type(normal.bank.score(normal.mean))(np.zeros((Q, 1)), grad, hess, np.ones((Q, 1)))

    state, infos = propagate(normal.space, Absurd(), normal.mean, np.eye(2))
    assert infos[-1].stalled
    assert state.gaussian.is_proper
    assert "d9" in describe_stall(Absurd(), infos)


def test_no_global_parameter():
    from cavity.propagate import GlobalSpace, SiteBank

    space = GlobalSpace.from_priors([], [])
    state, infos = propagate(space, SiteBank([], space), np.zeros(0), np.zeros((0, 0)))
    assert infos == [] and state.gaussian.dimension == 0


def test_the_same_input_gives_the_same_bits(normal):
    one, two = (propagate(normal.space, normal.bank, normal.mean, np.eye(2))[0].gaussian for _ in range(2))
    assert (one.precision == two.precision).all() and (one.shift == two.shift).all()


def test_memory_blocks_do_not_change_the_result(normal, monkeypatch):
    whole = propagate(normal.space, normal.bank, normal.mean, np.eye(2))[0].gaussian.mean
    monkeypatch.setattr("cavity.propagate.sweep.LARGEST_BLOCK", 3 * 15 * 4 * 10)
    assert np.allclose(propagate(normal.space, normal.bank, normal.mean, np.eye(2))[0].gaussian.mean, whole, rtol=1e-9)
