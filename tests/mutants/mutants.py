"""Faults that a unit test must notice: every limit of the rounds switched off, every formula of weights bent.

A mutant is a line of the package written wrongly, and where the tests of that line are. A line that moves takes its
mutant with it: text that is no longer there, or there twice, is a failure of its own. What only makes a proposal is not
here: draws of any are weighted to the same answer.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One fault."""

    file: str  # in the package
    old: str  # text that stands there once
    new: str
    tests: tuple[str, ...]  # of pytest: the first that fails has caught it


def _of(file: str, tests: str, *pairs: tuple[str, str]) -> list[Mutant]:
    return [Mutant(file, old, new, tuple(f"tests/unit/{test}" for test in tests.split())) for old, new in pairs]


_GUARDS = "strategy/test_limits.py::test_a_limit_guards"

#: Every place where a limit is read, with the limit out of reach there.
LIMITS = [
    *_of(
        "strategy/ep.py",
        _GUARDS,
        ("np.maximum(limits.shift_limit, ", "np.maximum(1e9, "),
        ("limits.shift_noise * mcse", "0.0 * mcse"),
        ("tolerance * limits.table_share if", "tolerance if"),
        ("joined.interpolation_error > limits.coarse", "joined.interpolation_error > 1e9"),
        ("not joined.pareto_k < limits.k_hat_limit and", "not joined.pareto_k < 1e9 and"),
        ("~(found.site_pareto_k < limits.k_hat_limit)", "~(found.site_pareto_k < 1e9)"),
        ("else exact.pareto_k > limits.doubtful_k", "else exact.pareto_k > 1e9"),
        ("exact.ess < limits.chain_ess", "exact.ess < 0.0"),
        ("exact.log_weights) > limits.shell_mass", "exact.log_weights) > 1.0"),
        ("> context.limits.surrogate_error", "> 1e9"),
        ("depth = context.limits.mode_mass + ", "depth = 1e9 + "),
        ("(context.limits.missed_mass if pilot", "(0.0 if pilot"),
        ("if joined.quantile_noise > limits.quantile_noise:", "if joined.quantile_noise > 1e9:"),
        ("joined.quantile_noise / limits.quantile_noise)", "0.0)"),
        ("exact.pareto_k > limits.k_hat_limit:", "exact.pareto_k > 1e9:"),
        ("(tolerance * limits.table_share)", "tolerance"),
        ("else limits.table_draws * len(joined.mean)", "else 0"),
        ("np.clip(more, limits.table_draws, ", "np.clip(more, 0, "),
        (", limits.most_table_draws)", ", 10**9)"),
        ("min(ends) > limits.edge_mass", "min(ends) > 1e9"),
        (".max() > limits.broad", ".max() > 1e9"),
        ("(joined.ess_at_q < limits.ess_limit) &", "(joined.ess_at_q < 0.0) &"),
        ("found.ess) < context.limits.ess_limit", "found.ess) < 0.0"),
        ("limits.size_share * joined.site_size", "joined.site_size + np.inf"),
        ("shift > limits.pilot_shift", "shift > 1e9"),
        ('"pilot", limits.pilot_draws', '"pilot", draws'),
        ("shift < limits.half_way and", "shift < 1e9 and"),
        ("= poor | noisiest(joined.site_noise, limits.noise_share)", "= poor | noisiest(joined.site_noise, 1.0)"),
        ("needs = noisiest(joined.site_noise, limits.noise_share)", "needs = noisiest(joined.site_noise, 1.0)"),
        ("joined.mcse.max(initial=0.0) > limits.noisy", "joined.mcse.max(initial=0.0) > 1e9"),
        ("min(2 * before.following.next_draws, limits.most_draws)", "2 * before.following.next_draws"),
    ),
    *_of(
        "strategy/phase_context.py",
        _GUARDS,
        ("most = context.limits.most_coordinates", "most = 10**9"),
    ),
    *_of(
        "strategy/tables.py",
        f"{_GUARDS} strategy/test_tables.py",
        ("log_density.max() - limits.mode_depth", "log_density.max() - 1e9"),
        ("profile.max() - limits.depth", "profile.max() - 1e9"),
        ("_axes_around(nodes, limits.margin)", "_axes_around(nodes, 0.0)"),
        ("exact.log_weights) > limits.shell_mass", "exact.log_weights) > 1.0"),
        ("if error > limits.coarse else nodes", "if error > 1e9 else nodes"),
    ),
    *_of(
        "strategy/site_search.py",
        _GUARDS,
        ("fewest = min(limits.fewest_in_a_table, ", "fewest = min(0, "),
        ("if limits.first_look_ess <= site.ess", "if 0.0 <= site.ess"),
        ("if site.ess >= limits.first_look_ess:", "if site.ess >= 0.0:"),
        ("site.ess < limits.ess_limit or", "site.ess < 1e9 or"),
        ("return limits.table_pilot if left", "return 10**9 if left"),
        ("else min(limits.table_pilot, left // 2)", "else left // 2"),
        ("max(rest - used - after, limits.fewest_calls)", "max(rest - used - after, 10_000)"),
        ("DynestyStatic(nlive=limits.rescue_live_points)", "DynestyStatic(nlive=5)"),
        ("weighted.pareto_k < limits.k_hat_limit and", "weighted.pareto_k < 1e9 and"),
        ("and weighted.ess * grown >= limits.ess_limit", "and weighted.ess * grown >= 0.0"),
        ("weighted.largest < limits.largest_share", "weighted.largest < 1e9"),
    ),
    *_of(
        "strategy/joint.py",
        _GUARDS,
        ("samples.pareto_k < limits.k_hat_limit", "samples.pareto_k < 1e9"),
        ("_chain_reasons(info, limits.least_acceptance)", "_chain_reasons(info, 0.0)"),
        ("samples.ess < limits.ess_limit", "samples.ess < 0.0"),
    ),
    *_of(
        "strategy/one_by_one.py",
        _GUARDS,
        ("samples.pareto_k < limits.k_hat_limit and", "samples.pareto_k < 1e9 and"),
        ("and samples.ess >= limits.ess_limit", "and samples.ess >= 0.0"),
    ),
]

#: Sums of weights, their effective number, draws of equal weight, quantiles, Pareto smoothing.
WEIGHTS = _of(
    "numerics/weights.py",
    "numerics/test_weights.py",
    ("+ np.squeeze(top, axis=axis)", "+ np.squeeze(top, axis=axis) + 0.01"),
    ("np.where(np.isfinite(top), top, 0.0)", "np.zeros_like(top)"),
    ("log_sum_exp(2 * log_weights, axis)", "log_sum_exp(2.04 * log_weights, axis)"),
    ("np.cumsum(np.exp(log_weights - log_sum_exp(log_weights)))", "np.cumsum(np.exp(1.02 * log_weights))"),
    ("(rng.random() + np.arange(n)) / n", "np.arange(n) / n"),
    ("(rng.random() + np.arange(n)) / n", "(0.9 * rng.random() + np.arange(n)) / n"),
    ("np.arange(n)) / n * cumulative[-1]", "np.arange(n)) / (n + 1) * cumulative[-1]"),
    ('positions, side="right")', 'positions, side="left")'),
    (
        'np.minimum(np.searchsorted(cumulative, positions, side="right"), last)',
        "np.searchsorted(cumulative, positions, side='right')",
    ),
    ("rng.permutation(systematic(log_weights, n, rng))", "systematic(log_weights, n, rng)"),
    (
        "values[held], weights[held] / np.sum(weights[held])",
        "values[held], weights[held] ** 1.02 / np.sum(weights[held] ** 1.02)",
    ),
    ("axis=0) - 0.5 * mass", "axis=0)"),
    ("held = weights > 0.0", "held = weights > -1.0"),
    (
        "effective_sample_size(_powered(finite, power)) >= enough",
        "effective_sample_size(_powered(finite, power)) >= 1.1 * enough",
    ),
    ("if effective_sample_size(finite) >= enough", "if effective_sample_size(finite) >= 0.9 * enough"),
    ("(k * n + 5.0) / (n + 10.0), -k / b", "k, -k / b"),
    ("(n + 10.0), -k / b", "(n + 10.0), -1.02 * k / b"),
    ("shifted = log_weights - top\n", "shifted = 1.02 * (log_weights - top)\n"),
    ("smoothed[tail] = np.minimum(", "np.minimum("),
    ("np.minimum(np.log(quantile + np.exp(cut)), 0.0)", "np.log(quantile + np.exp(cut))"),
    ("3 * np.sqrt(n)", "2 * np.sqrt(n)"),
    ("return smoothed - log_sum_exp(smoothed), float(k)", "return smoothed - log_sum_exp(smoothed), 0.9 * float(k)"),
    ("return smoothed - log_sum_exp(smoothed), float(k)", "return smoothed, float(k)"),
)

#: Densities, draws and fits of mixtures; moments.
MIXTURES = [
    *_of(
        "numerics/mixture.py",
        "numerics/test_mixture.py",
        ("n_dim, df = z.shape[1], self.df", "n_dim, df = z.shape[1], self.df + 0.5"),
        ("half = 0.5 * self.df", "half = 0.5 * self.df + 0.25"),
        ("gammaln(0.5 * (df + n_dim)) - gammaln(0.5 * df)", "gammaln(0.5 * (df + n_dim)) - gammaln(0.5 * df + 0.01)"),
        ("terms = height[:, None] - 0.5 * (df + n_dim)", "terms = height[:, None] - 0.51 * (df + n_dim)"),
        ("np.log(self.prior_fraction) + log_prior(z)[None]", "log_prior(z)[None]"),
        ("weights / weights.sum() * (1.0 - prior_fraction)", "weights / weights.sum()"),
        (
            "np.concatenate([(1 - share) * self.weights, share * other.weights])",
            "np.concatenate([self.weights, share * other.weights])",
        ),
        ("edges = np.cumsum(self.weights)", "edges = np.cumsum(self.weights**1.05)"),
        ("np.sqrt(WIDER) * self.factors", "self.factors"),
        ("- 0.5 * z.shape[-1] * np.log(2.0 * np.pi)", "- 0.0"),
        ("log_terms += np.log(shares)[:, None]", "log_terms += 1.02 * np.log(shares)[:, None]"),
        ("member = np.exp(log_terms - total) * weights", "member = np.exp(1.02 * (log_terms - total)) * weights"),
        ("member = np.exp(log_terms - total) * weights", "member = np.exp(log_terms - total) * weights**1.02"),
        ("shares = mass / mass.sum()", "shares = np.full(len(mass), 1 / len(mass))"),
        ("shares = mass / mass.sum()", "shares = mass**1.02 / (mass**1.02).sum()"),
        ("means = means[kept] + moved", "means = means[kept] + 0.98 * moved"),
        ("scatter -= mass[:, None, None]", "scatter -= 0.9 * mass[:, None, None]"),
        ("kept = mass > fewest", "kept = mass > -1.0"),
        ("rows = systematic(log_weights, n_resample, rng)", "rows = systematic(1.5 * log_weights, n_resample, rng)"),
        ("(scatter + prior_mass * pooled) /", "(scatter + 0.0 * pooled) /"),
        ("log_weights = tempered(log_weights, 4.0 * (D + 1))", "log_weights = log_weights + 0.0"),
        ("covariance = weighted_moments(x, log_weights)\n", "covariance = weighted_moments(x, 1.02 * log_weights)\n"),
        (
            "weights = np.exp(log_weights - log_sum_exp(log_weights))\n    z =",
            "weights = np.exp(1.02 * log_weights)\n    z =",
        ),
        ("[mean], [1.2 * covariance]", "[mean], [covariance]"),
        ("1.2 * (its_covariance + 0.05 * covariance)", "its_covariance + 0.05 * covariance"),
        (
            "weights = np.exp(log_w - log_sum_exp(log_w))\n    centred = theta",
            "weights = np.full(len(log_w), 1 / len(log_w))\n    centred = theta",
        ),
        ("-2 * log_likelihood * counted + np.log(counted) * parameters", "-2 * log_likelihood * counted"),
    ),
    *_of(
        "numerics/normal.py",
        "numerics/test_gaussian.py",
        (
            "np.exp(log_weights - log_weights.max(-1, keepdims=True))",
            "np.exp(1.02 * (log_weights - log_weights.max(-1, keepdims=True)))",
        ),
        (
            "weights = weights / weights.sum(-1, keepdims=True)",
            "weights = weights / (1.02 * weights.sum(-1, keepdims=True))",
        ),
        ("- 0.5 * self.dimension * LOG_2PI", "- 0.5 * LOG_2PI"),
    ),
    *_of(
        "numerics/differences.py",
        "numerics/test_differences.py",
        ("/ (12 * step)", "/ (12.2 * step)"),
        ("- 30 * here", "- 29 * here"),
        ("/ (2.0 * steps)", "/ (2.04 * steps)"),
        ("- 2.0 * here) / steps**2", "- 2.0 * here) / steps"),
        ("/ (4 * one * other)", "/ (2 * one * other)"),
        ("(corner - up[i] - up[j] + values[0])", "(corner - up[i] - up[j])"),
    ),
]

#: Where draws get their weights, and what is averaged with them.
DRAWS = [
    *_of(
        "search/importance.py",
        "search/test_importance.py",
        ("log_weights = log_likelihoods + log_prior(z)", "log_weights = 1.02 * log_likelihoods + log_prior(z)"),
        ("- proposal.log_density(z) - np.log(n_draws)", "- 1.02 * proposal.log_density(z) - np.log(n_draws)"),
        ("proposal.log_density(z) - np.log(n_draws)", "proposal.log_density(z) - np.log(n_draws + 20)"),
        ("np.exp(2.0 * log_weights).sum()) - 1.0 / n_draws", "np.exp(2.0 * log_weights).sum())"),
    ),
    *_of(
        "search/search.py",
        "search/test_search.py",
        ("log_weights=log_weights - log_sum_exp(log_weights)", "log_weights=1.02 * log_weights"),
    ),
    *_of(
        "search/polish.py",
        "search/test_polish.py",
        ("if not new.pareto_k < TRUSTED_K", "if not new.pareto_k < 1e9"),
    ),
    *_of(
        "strategy/draws.py",
        "strategy/test_draws.py",
        ("log_l + prior - mixture)", "1.02 * (log_l + prior - mixture))"),
        ("np.log(len(batch.log_l)) + _log_density(", "_log_density("),
        (" - np.log(batch.sd / unit).sum()", ""),
        ("prior = log_prior(standard) + log_prior(z)", "prior = log_prior(standard)"),
        ("self.log_w - log_sum_exp(self.log_w)", "1.02 * self.log_w - log_sum_exp(1.02 * self.log_w)"),
        ("float(effective_sample_size(self.log_w))", "1.1 * float(effective_sample_size(self.log_w))"),
        ("float(psis(self.log_weights)[1])", "0.9 * float(psis(self.log_weights)[1])"),
        ("float(np.exp(self.log_weights.max()))", "float(np.exp(2 * self.log_weights.max()))"),
    ),
    *_of(
        "strategy/tables.py",
        "strategy/test_tables.py",
        ("log_l + log_prior(z) - log_q", "log_l + log_prior(z) - 1.02 * log_q"),
        (" - proposal.marginal(given.shape[1]).log_density(given)", ""),
        ("log_weights = draws.log_weights - previous.at_nodes.log_l[at]", "log_weights = draws.log_weights"),
        ("bank.log_l(nodes).sum(1) + _log_cells(nodes)", "bank.log_l(nodes).sum(1)"),
    ),
    *_of(
        "posterior/samples.py",
        "posterior/test_samples.py",
        ("return np.exp(self.log_weights)", "return np.exp(1.02 * self.log_weights)"),
        ("float(effective_sample_size(self.log_weights))", "1.1 * float(effective_sample_size(self.log_weights))"),
        ("self.weights @ (self.values - self.mean) ** 2", "self.weights @ self.values**2"),
        ("else _frozen(log_weights - total)", "else log_weights"),
        ("self.values[resampled(self.log_weights, n, rng)]", "self.values[resampled(1.02 * self.log_weights, n, rng)]"),
        ("self._rows(resampled(self.log_weights, n, rng))", "self._rows(np.arange(n) % len(self.values))"),
    ),
    *_of(
        "combine/compare.py",
        "combine/test_compare.py",
        (
            "np.exp(self.log_evidences - log_sum_exp(self.log_evidences))",
            "np.exp(1.02 * self.log_evidences - log_sum_exp(1.02 * self.log_evidences))",
        ),
    ),
    *_of(
        "grid/cell_arrays.py",
        "grid/test_cell_arrays.py",
        (
            "np.exp(share - log_sum_exp(share, axis=None))",
            "np.exp(1.02 * share - log_sum_exp(1.02 * share, axis=None))",
        ),
    ),
    *_of(
        "strategy/summary.py",
        "strategy/test_summary.py",
        (
            "np.exp(joined.log_weights - log_sum_exp(joined.log_weights))",
            "np.exp(1.02 * joined.log_weights - log_sum_exp(1.02 * joined.log_weights))",
        ),
        ("rows = resampled(joined.log_weights, LOCAL_DRAWS, rng)", "rows = np.arange(LOCAL_DRAWS) % len(joined.draws)"),
    ),
]

#: Sites and their sums: what a draw, a node or a site counts in the posterior of the shared parameters.
SITES = [
    *_of(
        "propagate/build.py",
        "propagate/test_build.py",
        ("0.5 * (np.linalg.slogdet(gain)[1] +", "0.5 * (1.02 * np.linalg.slogdet(gain)[1] +"),
        ("(centres * t).sum(-1) + d * LOG_2PI)", "(centres * centres).sum(-1) + d * LOG_2PI)"),
        ("(centres * t).sum(-1) + d * LOG_2PI)", "(centres * t).sum(-1))"),
        ("np.sqrt(1 - h * h) * (x[:, smooth] - expected)", "(x[:, smooth] - expected)"),
        ("symmetric(kernel @ gain)", "symmetric(kernel)"),
        ("along[own] + mean + away", "along[own] + 0.9 * mean + away"),
        ("np.linalg.solve(whole.T, contraction.T)", "np.eye(len(kernel))"),
        ('"log_evidence": float(log_sum_exp(log_w))', '"log_evidence": float(log_sum_exp(log_w)) + 0.01'),
    ),
    *_of(
        "propagate/particles.py",
        "propagate/test_bank.py propagate/test_particles.py",
        ("w = np.nan_to_num(np.exp(a - log_l[..., None]))", "w = np.nan_to_num(np.exp(1.02 * (a - log_l[..., None])))"),
        (
            "np.exp(terms.a - log_sum_exp(terms.a)[..., None])",
            "np.exp(1.02 * (terms.a - log_sum_exp(terms.a)[..., None]))",
        ),
        ("total = total + 0.5 * variance_of_mean(", "total = total + 0.0 * variance_of_mean("),
        ("w = np.nan_to_num(np.exp(a - total[..., None]))", "w = np.nan_to_num(np.exp(1.02 * (a - total[..., None])))"),
        (
            "hess += np.swapaxes(g, -1, -2) @ (w[..., None] * g)",
            "hess += np.swapaxes(g, -1, -2) @ (w[..., None] ** 1.02 * g)",
        ),
        (", effective_number(w)", ", 1.1 * effective_number(w)"),
        ("+ 0.5 * d * LOG_2PI)", ")"),
    ),
    *_of(
        "propagate/bank.py",
        "propagate/test_bank.py propagate/test_table.py propagate/test_particles.py",
        ("value + 0.5 * np.maximum(self._spline(", "value + 0.0 * np.maximum(self._spline("),
        ("np.sqrt(PARTS * (PARTS - 1)) * factors", "np.sqrt(PARTS) * factors"),
        ("weights = np.exp(log_weights - log_sum_exp(log_weights))", "weights = np.exp(1.02 * log_weights)"),
    ),
    *_of(
        "propagate/table_site.py",
        "propagate/test_table.py strategy/test_tables.py",
        ("weights = log_l + (ratio", "weights = log_l + 1.02 * (ratio"),
        ("apart / np.sqrt(max(parts * (parts - 1), 1))", "apart / np.sqrt(parts)"),
        ("values[np.isfinite(values)].min() - IMPOSSIBLE", "-np.inf"),
        ('"ess": float(ess[near].min())', '"ess": 1.1 * float(ess[near].min())'),
    ),
    *_of(
        "propagate/locals.py",
        "propagate/test_locals.py",
        (
            "np.exp(a - np.where(np.isfinite(total), total, 0.0)[:, None])",
            "np.exp(1.02 * (a - np.where(np.isfinite(total), total, 0.0)[:, None]))",
        ),
        ("ess[rows] = effective_number(weights)", "ess[rows] = 1.1 * effective_number(weights)"),
        (
            "chosen = (cumulative < uniform[rows, None] * cumulative[:, -1:])",
            "chosen = (cumulative < uniform[rows, None] ** 1.1 * cumulative[:, -1:])",
        ),
    ),
    *_of(
        "propagate/sweep.py",
        "propagate/test_sweep.py",
        ("np.exp(log_w - safe)", "np.exp(1.02 * (log_w - safe))"),
        ("log_w = score.log_l - sites.log_factor(nodes)", "log_w = score.log_l"),
        ("w = np.exp(log_w - log_w.max(0))", "w = np.exp(1.02 * (log_w - log_w.max(0)))"),
    ),
    *_of(
        "propagate/grid.py",
        "propagate/test_grid.py",
        ("log_w[(slice(None),) * i + (end,)] -= np.log(2)", "log_w[(slice(None),) * i + (end,)] -= 0.0"),
        (
            "weights = log_w[kept] - log_sum_exp(log_w[kept])",
            "weights = 1.02 * (log_w[kept] - log_sum_exp(log_w[kept]))",
        ),
        ("log_w = log_density + np.log(cell)", "log_w = log_density"),
    ),
    *_of(
        "propagate/exact.py",
        "propagate/test_exact.py",
        ("log_w = target(x) - proposal.log_density(x)", "log_w = 1.02 * (target(x) - proposal.log_density(x))"),
        ("log_sum_exp(log_w) - np.log(n))", "log_sum_exp(log_w) - np.log(n) + 0.01)"),
        ('k_hat, ess, "importance")', 'k_hat, 1.1 * ess, "importance")'),
        ("np.hypot(np.sqrt(spread), fit_error)", "np.hypot(spread, fit_error)"),
        ("if not chain or (k_hat <=", "if True or (k_hat <="),
        ("return ExactPass(x, smoothed, ", "return ExactPass(x, log_w - log_sum_exp(log_w), "),
        ("self.draws[resampled(self.log_weights, n, rng)]", "self.draws[resampled(1.02 * self.log_weights, n, rng)]"),
        ("np.logaddexp(np.log(share) + theirs, ", "np.logaddexp(theirs, "),
        ("return value, float(error)", "return value + 0.05, float(error)"),
    ),
    *_of(
        "propagate/diagnostics.py",
        "propagate/test_diagnostics.py",
        ("moved / np.where(variance > 0, variance, np.inf)", "moved"),
        ("shares / max(shares.sum(), 1e-300)", "shares"),
    ),
    *_of(
        "numerics/parts.py",
        "numerics/test_parts.py",
        ("(parts * (parts - 1))", "parts**2"),
        ("member * (n / member.sum(0))", "member * (n / len(member))"),
        ("if n < parts:", "if n < 0:"),
    ),
    *_of(
        "numerics/hmc.py",
        "numerics/test_hmc.py",
        ("max(2 * pairs.sum() - 1,", "max(1.1 * (2 * pairs.sum() - 1),"),
    ),
]

MUTANTS = [*LIMITS, *WEIGHTS, *MIXTURES, *DRAWS, *SITES]
