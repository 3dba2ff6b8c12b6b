"""Where a named fit keeps its result, and finds it again: output/<path_prefix>/<name>/<identity>/result.h5."""

import logging
from pathlib import Path

from cavity.errors import ResultError
from cavity.posterior.result import load_result, save_result

logger = logging.getLogger("cavity.posterior")

OUTPUT = "output"
FILE = "result.h5"


def fit_folder(search, identity):
    """The folder of one fit, None where the search has neither a name nor a path_prefix.

    Parameters
    ----------
    search
        Has ``path_prefix``, ``unique_tag`` and ``name``, each a text or None.
    identity
        Of the fit, see :func:`~cavity.posterior.result.result_identity`.
    """
    if not (search.path_prefix or search.name):
        return None
    parts = [search.path_prefix, search.unique_tag, search.name]
    return Path(OUTPUT).joinpath(*(str(part) for part in parts if part), identity)


def kept_samples(folder, identity, rejects=False):
    """The samples of a finished fit, None where there is none or where it is not this one.

    Parameters
    ----------
    folder
        Of the fit, or None.
    identity
        That the result must have.
    rejects
        Whether samples count that were made by rejecting points where the likelihood failed.
    """
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        result = load_result(folder / FILE)
    except ResultError as error:
        logger.warning("%s; it is fitted again", error)
        return None
    if result.identity != identity or (result.samples.rejected and not rejects):
        return None
    logger.info("%s: fitted before, nothing is run", folder / FILE)
    return result.samples


def keep(folder, result):
    """Write a result where :func:`kept_samples` finds it; nothing where ``folder`` is None."""
    if folder is not None:
        save_result(folder / FILE, result)
