"""Sites: their sizes, kinds and trees."""

import json

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.propagate.site import Site


def test_sizes():
    link = {"drawn": [{"name": "x"}], "shared": ["a", "b"]}
    site = Site("d0", "particles", link, log_c=np.zeros(7))
    assert (site.d, site.p, site.size) == (1, 2, 7)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(PropagationError, match="d0: a site is of kind particles or table, got cloud"):
        Site("d0", "cloud", {}, log_c=np.zeros(1))


def test_a_tree_holds_arrays_numbers_and_strings_only():
    site = Site("d0", "particles", {"shared": ["a"]}, np.zeros(3), info={"ess": np.float64(2.5), "sd": np.ones(2)})
    tree = site.to_tree()
    assert all(isinstance(value, (np.ndarray, float, int, str)) for value in tree.values())
    assert json.loads(tree["info"]) == {"ess": 2.5, "sd": [1.0, 1.0]}
    again = Site.from_tree(tree)
    assert again.link == site.link and again.v_max == np.inf and again.exponents.dtype == int
