"""A model and an analysis as a unit-cube problem; assertions cut the prior."""

import numpy as np

from cavity.errors import ModelError
from cavity.identity.code import code_behind
from cavity.identity.content import content_hash
from cavity.search.likelihood import likelihood_of
from cavity.search.problem import Problem


def model_problem(model, analysis, dataset="", paths=None, identity=None):
    """Build the problem of fitting ``model`` with ``analysis``.

    Parameters
    ----------
    model
        A Model or Collection.
    analysis
        As in :func:`~cavity.search.likelihood.likelihood_of`; may have ``visualize(paths, instance)``.
    dataset
        For error sentences.
    paths
        What ``visualize`` gets, see :class:`~cavity.paths.FitPaths`; nothing is drawn without.
    identity
        What :func:`inputs_identity` gives, where it is known.

    Raises
    ------
    AnalysisError
        The analysis has no likelihood that can be called.
    ModelError
        The assertions accept nothing.
    """
    compiled = model.compile()
    likelihood = likelihood_of(model, compiled, analysis)
    asserted = bool(getattr(compiled, "has_assertions", model.assertions))
    log_acceptance, error = acceptance(compiled) if asserted else (0.0, 0.0)
    draws = paths is not None and hasattr(analysis, "visualize")

    def one_inside(vector):
        return likelihood.one(vector) if compiled.satisfies(vector) else -np.inf

    def many_inside(vectors):
        inside = compiled.satisfied(vectors)
        values = np.full(len(vectors), -np.inf)
        if inside.any():
            values[inside] = likelihood.many(vectors[inside])
        return values

    def visualize(vector):
        analysis.visualize(paths, compiled.instance(vector))

    return Problem(
        names=tuple(compiled.names),
        prior_transform=compiled.vector,
        prior_transform_batch=getattr(compiled, "vectors", None),
        log_likelihood=one_inside if asserted else likelihood.one,
        log_likelihood_batch=None if likelihood.many is None else many_inside if asserted else likelihood.many,
        gradient=likelihood.gradient,
        unit_from=compiled.unit,
        log_prior=compiled.log_prior,
        dataset=dataset,
        identity=inputs_identity(model, analysis) if identity is None else identity,
        on_best=visualize if draws else None,
        log_acceptance=log_acceptance,
        log_acceptance_error=error,
    )


def inputs_identity(model, analysis):
    """Hash of what is fitted: data, priors, their order, and the code of the classes and of all that it reads."""
    components = [getattr(node, "cls", None) for _, node in getattr(model, "nodes", tuple)()]
    analyses = [analysis, *(factor.analysis for factor in getattr(analysis, "factors", ()))]
    try:
        form = model.to_dict()
    except ModelError:  # a fixed value that has no stored form
        links = [
            [str(model.priors.index(prior)) for prior in value.variables()]
            for _, value in model.leaves()
            if hasattr(value, "variables")
        ]
        form = [model.parameter_names, links, model]
    return content_hash(form, analysis, code_behind(*components, *analyses))


def acceptance(compiled):
    """Log of the prior mass inside the assertions, and its standard error; the same numbers each time it is asked."""
    found = compiled.acceptance(np.random.default_rng(0))
    return found.log_fraction, found.log_error
