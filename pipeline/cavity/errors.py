"""Typed errors: one sentence that says what was wrong, where, and what to do."""

import errno
import pathlib
import re


class CavityError(Exception):
    """Base of every error a user can cause; the command line prints it as one sentence and exits with 2."""


class PriorError(CavityError):
    """A prior's arguments contradict each other."""


class ModelError(CavityError):
    """A model cannot be composed, or a value cannot be put into it."""


class AnalysisError(CavityError):
    """An analysis lacks what a fit needs of it."""


class LikelihoodError(CavityError):
    """A likelihood returned something that is not a finite number, or raised."""


class NotFiniteError(LikelihoodError):
    """A likelihood is NaN or infinite where it must not be: the data may be why."""


class GraphError(CavityError):
    """The factors of a graph do not fit together."""


class SearchError(CavityError):
    """A search's settings are wrong, or it cannot run this problem."""


class NoStartError(SearchError):
    """A search found no point of the prior with a finite likelihood: the data may be why."""


class PropagationError(CavityError):
    """Expectation propagation cannot answer for these sites; the sentence names the site and the way out."""


class ConfigError(CavityError):
    """A configuration file has a key or a value that it must not have."""


class DatasetError(CavityError):
    """A table of datasets, or a file it names, cannot be used."""


class StudyError(CavityError):
    """A study.py does not define what a study needs."""


class ResultError(CavityError):
    """A stored result is missing, damaged, or belongs to other inputs."""


class DamagedError(ResultError):
    """A stored result is there, but is not what was written.

    Parameters
    ----------
    path
        The file or folder.
    what
        What is wrong with it.
    """

    def __init__(self, path, what):
        super().__init__(f"{path}: {what}; delete it and run again")
        self.path, self.what = pathlib.Path(path), what


class AccessError(ResultError):
    """The machine refuses to read or write a file.

    Parameters
    ----------
    error
        The OSError.
    path
        The file, where the error does not know it.
    """

    def __init__(self, error, path=None):
        super().__init__(_refused(error, path or error.filename or "a file"))


def _refused(error, where):
    """The file, why, what to do."""
    found = re.search(r"error message = '([^']*)'", str(error))  # HDF5 says it within its own words
    why = error.strerror if error.filename or not found else found[1]
    return f"{where}: {why or error}; {_REMEDIES.get(error.errno, 'mend that')}, then give the same command again"


_SPACE = "make space on the disk (what is finished is kept)"
_RIGHTS = "make it accessible to you or choose another folder for the results"
_FOLDER = "bring the folder back"
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EEXIST), _FOLDER),
}


def nearest(word, known):
    """The entry of ``known`` closest to ``word``, or None: for 'did you mean'."""
    import difflib

    found = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(word, known):
    """'; did you mean x?' or an empty string."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""
