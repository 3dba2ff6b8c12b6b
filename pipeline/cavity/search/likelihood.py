"""A likelihood as functions of the model's vector, from what an analysis offers: points, batches, gradients."""

from cavity.errors import AnalysisError
from cavity.search.problem import Likelihood


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
