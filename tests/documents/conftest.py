"""A folder like the documents' workspace."""

import matplotlib
import pytest

from .data import write_all


@pytest.fixture(autouse=True)
def truth(tmp_path, monkeypatch):
    """The working directory has the documents' datasets; dataset -> (centre, normalization, sigma)."""
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    return write_all()
