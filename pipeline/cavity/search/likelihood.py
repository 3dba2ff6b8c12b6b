"""A likelihood as functions of the model's vector, from what an analysis offers: points, batches, gradients."""

from collections.abc import Callable
from typing import NamedTuple

from cavity.errors import AnalysisError


class Likelihood(NamedTuple):
    """Log likelihoods of vectors in the order of the compiled model's names; assertions are not looked at.

    ``one`` takes (ndim,) and gives a number; ``many`` (n, ndim) -> (n,) and ``gradient`` (n, ndim) -> (n, ndim) are
    None where the analysis offers nothing of the kind.
    """

    one: Callable
    many: Callable | None = None
    gradient: Callable | None = None


def likelihood_of(model, compiled, analysis):
    """The likelihood of a model under an analysis.

    Parameters
    ----------
    model, compiled
        A Model or Collection, and what its ``compile()`` gave.
    analysis
        Has ``log_likelihood_function(instance) -> float``. May have ``log_likelihood_batch(arrays) -> (n,)``, where
        ``arrays`` maps each free parameter's dotted path to an array (n,); or ``use_jax = True``, see
        :func:`~cavity.search.jax_likelihood.jax_likelihood`.

    Raises
    ------
    AnalysisError
        The analysis has no ``log_likelihood_function``, or JAX cannot trace it.
    """
    function = getattr(analysis, "log_likelihood_function", None)
    if function is None:
        raise AnalysisError(f"{type(analysis).__name__} has no log_likelihood_function(instance); a search needs it")
    if getattr(analysis, "use_jax", False):
        from cavity.search.jax_likelihood import jax_likelihood

        return jax_likelihood(model, compiled, analysis)
    batch = getattr(analysis, "log_likelihood_batch", None)

    def one(vector):
        return function(compiled.instance(vector))

    def many(vectors):
        return batch(dict(zip(compiled.names, vectors.T, strict=True)))

    return Likelihood(one, None if batch is None else many)
