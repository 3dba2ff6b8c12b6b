"""A library that is not there is named before the search that needs it."""

import sys
from importlib import metadata

import pytest

import cavity as cv
from cavity.errors import SearchError
from cavity.search.libraries import require_libraries

SEARCHES = {
    cv.Nautilus(): ("nautilus", r"Nautilus needs the package nautilus-sampler: pip install 'cavity\[nautilus\]'"),
    cv.UltraNest(): ("ultranest", r"UltraNest needs the package ultranest: pip install 'cavity\[ultranest\]'"),
    cv.Emcee(): ("emcee", r"Emcee needs the package emcee: pip install 'cavity\[emcee\]'"),
    cv.DynestyStatic(): ("dynesty", "DynestyStatic needs the package dynesty: pip install dynesty"),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_module_that_cannot_be_imported(search, monkeypatch):
    module, sentence = SEARCHES[search]
    require_libraries(search)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SearchError, match=sentence):
        require_libraries(search)


def test_a_package_that_is_not_installed(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    require_libraries(cv.Laplace())
    with pytest.raises(SearchError, match="Emcee needs the package emcee"):
        require_libraries(cv.Emcee())
