"""posterior.h5: how many draws it keeps, and under which names."""

import numpy as np

from cavity.posterior.phase_file import (
    DEFAULT_DRAWS,
    FEWEST_DRAWS,
    LARGEST_POSTERIOR,
    column_names,
    draws_kept,
    equal_weight_rows,
)
from cavity.posterior.samples import Samples


def samples(n=50, d=1, weighted=True, seed=1):
    rng = np.random.default_rng(seed)
    names = tuple(f"p{j}" for j in range(d))
    return Samples(names=names, values=rng.normal(size=(n, d)), log_weights=rng.normal(size=n) if weighted else None)


def test_equal_draws_are_all_kept_and_others_resampled():
    assert draws_kept(samples(50, weighted=False), {"a": samples(50, weighted=False)}) == 50
    assert draws_kept(samples(50, weighted=False), {"a": samples(60, weighted=False)}) == DEFAULT_DRAWS
    assert draws_kept(samples(50), {}) == DEFAULT_DRAWS


def test_many_datasets_keep_fewer_draws():
    wide = samples(5, d=10)
    many = {str(i): wide for i in range(3000)}
    assert draws_kept(None, many) == LARGEST_POSTERIOR // 30_000
    assert draws_kept(None, {str(i): wide for i in range(20_000)}) == FEWEST_DRAWS


def test_rows_stand_for_the_weights():
    one = samples(200)
    rows = equal_weight_rows(one, 20_000)
    np.testing.assert_allclose(np.bincount(rows, minlength=200) / 20_000, one.weights, atol=1e-4)
    np.testing.assert_array_equal(rows, equal_weight_rows(one, 20_000))
    assert not np.array_equal(rows, equal_weight_rows(samples(200, seed=2), 20_000))


def test_names_are_never_taken_twice():
    assert column_names(["a", "draw", "local.draw"], ["draw"]) == ["a", "local.draw", "local.local.draw"]
