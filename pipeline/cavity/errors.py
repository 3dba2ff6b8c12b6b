"""Typed errors: one sentence that says what was wrong, where, and what to do."""


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


def nearest(word, known):
    """The entry of ``known`` closest to ``word``, or None: for 'did you mean'."""
    import difflib

    found = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(word, known):
    """'; did you mean x?' or an empty string."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""
