"""Every kind of site in one bank: scores against finite differences, grouping, boxes."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.prior import GaussianPrior, HalfNormalPrior, UniformPrior
from cavity.propagate import GlobalSpace, SharedDesign, SiteBank, build_site, build_table, tensor_nodes

NAMES = ("mu", "tau", "nu", "om", "a", "b")
V = {name: {"variable": name} for name in NAMES}


def drawn(mean, sigma, family="GaussianPrior", lower=None, upper=None):
    return {"name": "x", "family": family, "mean": mean, "sigma": sigma, "lower": lower, "upper": upper}


SHIFTED = {"ufunc": "add", "args": [V["nu"], {"ufunc": "multiply", "args": [0.3, V["mu"]]}]}
SPECS = {
    "affine": {"drawn": [drawn(V["mu"], V["tau"])], "shared": []},
    "bounded": {"drawn": [drawn(V["nu"], V["om"])], "shared": []},
    "truncated": {"drawn": [drawn(V["mu"], V["om"], upper=3.0)], "shared": []},
    "fixed": {"drawn": [drawn(0.5, V["tau"])], "shared": []},
    "two": {"drawn": [drawn(V["mu"], V["tau"], lower=-1.0), drawn(SHIFTED, V["om"], "LogGaussianPrior", None, 9.0)]},
    "shared": {"drawn": [], "shared": ["a"]},
    "both": {"drawn": [drawn(V["mu"], V["tau"])], "shared": ["a", "b"]},
    "all": {"drawn": [drawn(V["mu"], V["tau"], lower=-1.0), drawn(SHIFTED, V["om"])], "shared": ["b", "a"]},
}
SPECS["two"]["shared"] = []


@pytest.fixture(scope="module")
def space():
    priors = [GaussianPrior(0.0, 2.0), HalfNormalPrior(2.0), UniformPrior(-3.0, 5.0), UniformPrior(0.0, 4.0)]
    return GlobalSpace.from_priors(NAMES, [*priors, GaussianPrior(0.0, 1.0), UniformPrior(0.0, 1.0)])


def make_site(name, spec, seed, S=60, modes=1, kind="quad", psi0=0.1):
    rng = np.random.default_rng(seed)
    d, p = len(spec["drawn"]), len(spec["shared"])
    theta, log_w, options = 0.3 + 0.5 * rng.normal(size=(S, d)), rng.normal(size=S) - 3, {}
    theta[:: modes if modes > 1 else S + 1] += 6.0
    if p:
        root = rng.normal(size=(p, p))
        design = SharedDesign.around(psi0 * rng.normal(size=p), 0.3 * root @ root.T + np.eye(p), d, kind)
        design = design.with_transport(0.3 * rng.normal(size=(d, p)))
        options = {"design": design, "coefficients": 0.2 * rng.normal(size=(S, len(design.exponents)))}
    return build_site(name, spec, log_w, theta, np.full(d, 0.5), np.full(d, 3.0), **options)


def make_table(name, spec, seed, *ticks):
    rng = np.random.default_rng(seed)
    nodes = tensor_nodes(*ticks)
    centres = rng.normal(size=(40, len(ticks)))
    log_l = -0.5 * ((nodes - centres[:, None]) ** 2).sum(-1)
    return build_table(name, spec, nodes, log_l, np.full(40, -np.log(40)), centres, ("c", "d")[: len(ticks)])


@pytest.fixture(scope="module")
def bank(space):
    sites = [make_site(f"{kind}{i}", spec, i, 60 + i, 1 + i) for kind, spec in SPECS.items() for i in range(3)]
    sites.append(make_site("axial", SPECS["both"], 9, kind="axial"))
    sites.append(make_table("one", {"drawn": [], "shared": ["b"]}, 1, np.linspace(-4, 4, 21)))
    sites.append(
        make_table("pair", {"drawn": [], "shared": ["a", "b"]}, 2, np.linspace(-4, 4, 21), np.linspace(-4, 4, 23))
    )
    return SiteBank(sites, space)


PHI = np.array([0.3, -0.2, 0.4, 0.1, 0.2, -0.3])


def central(function, h=1e-3):
    steps = h * np.eye(6)
    return np.stack(
        [
            (function(PHI - 2 * s) - 8 * function(PHI - s) + 8 * function(PHI + s) - function(PHI + 2 * s)) / (12 * h)
            for s in steps
        ],
        -1,
    )


def test_there_are_sites_with_several_kernels(bank):
    assert max(len(site.H) for site in bank.sites) == 2


def test_gradients_agree_with_finite_differences(bank):
    assert np.abs(bank.score(PHI).grad - central(lambda phi: bank.log_l(phi[None], False)[0])).max() < 1e-9


def test_hessians_agree_with_finite_differences(bank):
    assert np.abs(bank.score(PHI).hess - central(lambda phi: bank.score(phi).grad)).max() < 1e-8


def test_the_gradient_of_the_density_is_the_sum_of_the_scores(bank):
    phi = np.stack([PHI, PHI + 0.2, 5 * PHI])
    expected = bank.scores(phi).grad.sum(1) + bank.space.prior_score(phi)[0]
    assert np.allclose(bank.log_density_gradient(phi), expected, atol=1e-12)


def test_points_at_once_equal_points_one_by_one(bank):
    phi = np.stack([PHI, PHI + 0.2])
    together = bank.scores(phi)
    for q in range(2):
        for part, alone in zip(together, bank.score(phi[q])):
            assert np.allclose(part[q], alone, rtol=1e-12, atol=1e-12)


def test_a_site_answers_the_same_alone(bank, space):
    together = bank.log_l(PHI[None])[0]
    for i in range(0, bank.N, 4):
        assert SiteBank([bank.sites[i]], space).log_l(PHI[None])[0, 0] == pytest.approx(together[i], rel=1e-12)


def test_an_impossible_parent_has_no_likelihood(space):
    spec = {"drawn": [drawn(V["mu"], V["nu"])], "shared": []}  # nu may be negative
    bank = SiteBank([make_site("x", spec, 0)], space)
    phi = PHI.copy()
    phi[2] = -3.0
    assert bank.log_l(phi[None])[0, 0] == -np.inf
    assert not bank.score(phi).grad.any()


def test_the_density_is_zero_where_a_surrogate_must_not_be_read(bank, space):
    alone = bank.without([site.dataset for site in bank.sites if not site.p])
    far = PHI.copy()
    far[4] = 60.0
    assert alone.inside(PHI[None])[0] and not alone.inside(far[None])[0]
    assert alone.log_density(far[None])[0] == -np.inf
    draws = np.stack([PHI, far])
    assert alone.shell_mass(draws, np.log([0.75, 0.25])) == pytest.approx(0.25)


def test_a_table_at_a_node_knows_its_particles_noise_and_corrects_for_it(bank):
    alone = bank.without([dataset for dataset in bank.datasets if dataset != "one"])
    phi, site = PHI.copy(), alone.sites[0]
    phi[5] = -0.4
    w = np.exp(site.log_c[site.node == np.argmin(np.abs(site.nodes[:, 0] - phi[5]))])
    ratios = 4 * w.reshape(4, -1).sum(1)
    assert w.sum() == pytest.approx(1.0)
    assert alone.part_ratios(phi[None])[0, 0] == pytest.approx(ratios)
    added = alone.log_l(phi[None])[0, 0] - alone.log_l(phi[None], False)[0, 0]
    assert added == pytest.approx(0.5 * ((ratios - 1) ** 2).sum() / 12)


def test_tables_go_on_downwards_outside_their_nodes(bank, space):
    alone = bank.without([dataset for dataset in bank.datasets if dataset != "one"])
    phi = np.repeat(PHI[None], 3, 0)
    phi[:, 5] = [4.0, 5.0, 6.0]
    values = alone.log_l(phi)[:, 0]
    assert values[0] > values[1] > values[2]
    assert np.diff(values)[0] == pytest.approx(np.diff(values)[1], rel=0.1)


def corrected(space, points):
    """Mean over 400 sites of log l and of its correction, for particles from ``points(rng)`` [256, 1]."""
    rng = np.random.default_rng(3)
    log_w = np.full(256, -np.log(256))
    sites = [build_site(f"d{i}", SPECS["affine"], log_w, points(rng), 0.0, 2.0, smooth=False) for i in range(400)]
    bank = SiteBank(sites, space)
    raw = bank.log_l(PHI[None], correction=False)[0]
    return raw, bank.log_l(PHI[None])[0] - raw


def in_parts(rng):
    from cavity.numerics.sobol import sobol_normal

    return np.concatenate([2.0 * sobol_normal(64, 1, rng) for _ in range(4)])


@pytest.mark.parametrize("points", [in_parts, lambda rng: 2.0 * rng.normal(size=(256, 1))])
def test_the_correction_is_half_the_variance_that_log_l_has_over_samplings(space, points):
    raw, correction = corrected(space, points)
    assert 2 * correction.mean() == pytest.approx(raw.var(), rel=0.25)


def test_pieces_of_one_sequence_would_fail_that_check(space):
    from cavity.numerics.sobol import sobol_normal

    raw, correction = corrected(space, lambda rng: 2.0 * sobol_normal(256, 1, rng))
    assert 2 * correction.mean() > 1.5 * raw.var()


def test_a_site_of_one_particle_is_exact(space):
    site = build_site("one", SPECS["affine"], np.zeros(1), np.zeros((1, 1)), 0.0, 2.0, smooth=False)
    assert (SiteBank([site], space).part_ratios(PHI[None]) == 1.0).all()


def test_a_dataset_enters_once(bank, space):
    with pytest.raises(PropagationError, match="affine0 has two sites"):
        SiteBank([bank.sites[0], bank.sites[0]], space)


def test_a_site_survives_its_tree(bank, space):
    for site in bank.sites:
        again = type(site).from_tree(site.to_tree())
        assert again.info == site.info and again.link == site.link
        assert SiteBank([again], space).log_l(PHI[None])[0, 0] == SiteBank([site], space).log_l(PHI[None])[0, 0]
