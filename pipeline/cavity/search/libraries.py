"""Whether the packages that a search needs are there, said before anything runs."""

from importlib import import_module, metadata

from cavity.errors import SearchError

_MODULES = {"nautilus-sampler": "nautilus", "scikit-learn": "sklearn"}  # where they are not called as the package
_EXTRAS = ("Emcee", "Nautilus", "UltraNest")


def require_libraries(search):
    """SearchError with what to install where a package of a search is missing or cannot be imported."""
    kind = type(search).__name__
    for package in search.libraries:
        try:
            metadata.version(package)
            import_module(_MODULES.get(package, package))
        except ImportError as error:
            wanted = f"'cavity[{kind.lower()}]'" if kind in _EXTRAS else package
            raise SearchError(f"{kind} needs the package {package}: pip install {wanted}") from error
