"""A model and an analysis as a unit-cube problem; assertions cut the prior."""

import numpy as np

from cavity.errors import AnalysisError, SearchError
from cavity.message.sobol import sobol_uniform
from cavity.search.identity import content_hash
from cavity.search.problem import Problem

#: Points of the prior on which the share that the assertions accept is counted.
ACCEPTANCE_POINTS = 2**14


def model_problem(model, analysis, dataset=""):
    """Build the problem of fitting ``model`` with ``analysis``.

    Parameters
    ----------
    model
        A Model or Collection.
    analysis
        Has ``log_likelihood_function(instance) -> float``. May have ``log_likelihood_batch(arrays) -> (n,)``, where
        ``arrays`` maps each free parameter's dotted path to an array (n,), and ``visualize(paths, instance)``.
    dataset
        For error sentences.

    Raises
    ------
    AnalysisError
        The analysis has no ``log_likelihood_function``.
    SearchError
        The assertions accept nothing.
    """
    function = getattr(analysis, "log_likelihood_function", None)
    if function is None:
        raise AnalysisError(f"{type(analysis).__name__} has no log_likelihood_function(instance); a search needs it")
    compiled = model.compile()
    asserted = bool(model.assertions)
    names = tuple(compiled.names)
    log_acceptance, error = acceptance(compiled) if asserted else (0.0, 0.0)

    def log_likelihood(vector):
        return function(compiled.instance(vector))

    def log_likelihood_asserted(vector):
        return function(compiled.instance(vector)) if compiled.satisfies(vector) else -np.inf

    batch = getattr(analysis, "log_likelihood_batch", None)

    def log_likelihood_batch(vectors):
        return batch(dict(zip(names, vectors.T, strict=True)))

    def log_likelihood_batch_asserted(vectors):
        inside = np.array([bool(compiled.satisfies(vector)) for vector in vectors])
        values = np.full(len(vectors), -np.inf)
        if inside.any():
            values[inside] = batch(dict(zip(names, vectors[inside].T, strict=True)))
        return values

    on_many = log_likelihood_batch_asserted if asserted else log_likelihood_batch
    visualize = getattr(analysis, "visualize", None)

    def on_best(vector):
        visualize(None, compiled.instance(vector))

    return Problem(
        names=names,
        prior_transform=compiled.vector,
        log_likelihood=log_likelihood_asserted if asserted else log_likelihood,
        log_likelihood_batch=None if batch is None else on_many,
        unit_from=compiled.unit,
        log_prior=compiled.log_prior,
        dataset=dataset,
        identity=content_hash(model.to_dict(), analysis),
        on_best=None if visualize is None else on_best,
        log_acceptance=log_acceptance,
        log_acceptance_error=error,
    )


def acceptance(compiled, n_points=ACCEPTANCE_POINTS):
    """Log of the prior mass inside the assertions, and its standard error, from scrambled Sobol points of a fixed seed.

    Raises
    ------
    SearchError
        If no point is inside.
    """
    points = sobol_uniform(n_points, compiled.ndim, np.random.default_rng(0))
    inside = np.array([bool(compiled.satisfies(compiled.vector(unit))) for unit in points])
    share = inside.mean()
    if share == 0:
        raise SearchError(
            f"the model's assertions hold at none of {n_points:,} points of the prior; "
            "loosen them or give priors that agree with them"
        )
    return float(np.log(share)), float(np.sqrt((1.0 - share) / (share * n_points)))
