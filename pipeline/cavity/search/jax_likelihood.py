"""Likelihoods by JAX: compiled, batched over parameters and over datasets of equal shapes, with gradients.

Only :func:`~cavity.search.likelihood.likelihood_of` imports this module, for an analysis that says ``use_jax = True``.
"""

import os
from typing import Any, NamedTuple

import numpy as np

from cavity.errors import AnalysisError, ModelError
from cavity.identity.code import code_behind
from cavity.identity.content import content_hash
from cavity.search.problem import Likelihood

if "OMP_NUM_THREADS" in os.environ:
    os.environ.setdefault("NPROC", os.environ["OMP_NUM_THREADS"])  # what XLA reads; a job has one thread

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None
else:
    jax.config.update("jax_enable_x64", True)  # single precision loses the differences that a posterior is made of

#: What was traced and compiled, by the content of what it does: datasets of equal shapes share it.
_TRACED, _COMPILED = {}, {}


class _Term(NamedTuple):
    """One dataset's part: ``function(arrays, values)`` -> log likelihood, its data, its columns of the vector.

    ``key`` is equal where the functions are: the code, the structure of the model, and all that is no array.
    """

    function: Any
    arrays: dict
    columns: np.ndarray
    key: str


def jax_likelihood(model, compiled, analysis):
    """The likelihood of an analysis written with ``jax.numpy``.

    Arrays that the analysis holds as attributes are arguments of what is compiled, so one compilation serves every
    dataset of equal shapes; where the code needs their values (``if self.mask.any()``) they are constants of it. In a
    factor graph, datasets of equal shapes are one batch. Double precision.

    Parameters
    ----------
    model, compiled, analysis
        As in :func:`~cavity.search.likelihood.likelihood_of`; the analysis of a graph has ``factors``.

    Raises
    ------
    AnalysisError
        JAX is not installed, or cannot trace the likelihood to one number.
    """
    if jax is None:
        raise AnalysisError(
            f"{type(analysis).__name__} has use_jax = True and jax is not installed; pip install 'cavity[jax]'"
        )
    column = {prior: number for number, prior in enumerate(compiled.priors)}
    groups = {}
    for part, part_model in _parts(model, analysis):
        term = _term(part_model, part, column)
        groups.setdefault(term.key, []).append(term)
    data, functions = [], []
    for terms in groups.values():
        arrays = {name: jnp.stack([term.arrays[name] for term in terms]) for name in terms[0].arrays}
        data.append((arrays, jnp.asarray([term.columns for term in terms])))
        functions.append(terms[0].function)
    values, gradients = _compiled(tuple(groups), functions)

    def many(vectors):
        return _in_powers_of_two(values, data, vectors)

    def one(vector):
        return many(np.asarray(vector, dtype=float)[None])[0]

    return Likelihood(one, many, lambda vectors: _in_powers_of_two(gradients, data, vectors))


def _parts(model, analysis):
    """(analysis, model) of each dataset: those of a factor graph, else the one."""
    factors = getattr(analysis, "factors", None)
    return [(analysis, model)] if factors is None else [(f.analysis, f.prior_model) for f in factors]


def _compiled(keys, functions):
    """(values, gradients) of the sum of the groups, both over many vectors."""
    if keys not in _COMPILED:

        def total(data, vector):
            parts = [
                jax.vmap(function)(arrays, vector[columns]).sum()
                for function, (arrays, columns) in zip(functions, data, strict=True)
            ]
            return sum(parts)

        batched = [jax.vmap(function, in_axes=(None, 0)) for function in (total, jax.grad(total, argnums=1))]
        _COMPILED[keys] = tuple(jax.jit(function) for function in batched)
    return _COMPILED[keys]


def _in_powers_of_two(function, data, vectors):
    """``function`` of (n, ndim) vectors; the last is repeated up to a power of two: few sizes are compiled."""
    vectors = np.asarray(vectors, dtype=float)
    n = len(vectors)
    filled = np.concatenate([vectors, np.repeat(vectors[-1:], (1 << (n - 1).bit_length()) - n, axis=0)])
    return np.array(function(data, filled))[:n]


def _term(model, analysis, column):
    """One dataset's part; its arrays are constants of the code only where they have to be."""
    held = vars(analysis)
    arrays = {name: np.asarray(value) for name, value in held.items() if _is_array(value)}
    compiled = model.compile()
    columns = np.array([column[prior] for prior in compiled.priors])
    try:
        return _traced(model, compiled, analysis, arrays, columns)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError):
        pass
    try:
        return _traced(model, compiled, analysis, {}, columns)
    except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:
        raise AnalysisError(
            f"jax cannot trace {type(analysis).__name__}.log_likelihood_function ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); write it and its components with jax.numpy, or leave use_jax out"
        ) from error


def _traced(model, compiled, analysis, arrays, columns):
    """The term with ``arrays`` as arguments; raises what JAX raises."""
    cls, n_columns = type(analysis), len(columns)
    fixed = {name: value for name, value in vars(analysis).items() if name not in arrays}

    def function(arrays, values):
        own = object.__new__(cls)
        own.__dict__.update(fixed, **arrays)
        return own.log_likelihood_function(compiled.instance_of([values[i] for i in range(n_columns)]))

    shapes = {name: jax.ShapeDtypeStruct(array.shape, array.dtype) for name, array in arrays.items()}
    key = _key(model, compiled, cls, fixed, shapes)
    if key not in _TRACED:
        found = jax.eval_shape(function, shapes, jax.ShapeDtypeStruct((n_columns,), np.float64))
        if getattr(found, "shape", None) != ():
            what = "None" if found is None else f"of shape {getattr(found, 'shape', type(found).__name__)}"
            raise AnalysisError(f"{cls.__name__}.log_likelihood_function is {what}, it must be one number")
        _TRACED[key] = function
    return _Term(_TRACED[key], arrays, columns, key)


def _key(model, compiled, cls, fixed, shapes):
    """Hash of all that a trace depends on; priors are no part of it."""
    components = [getattr(node, "cls", None) for _, node in model.nodes()]
    try:
        structure = model.to_dict()["root"]
    except ModelError:  # a fixed value without a stored form
        structure = model
    form = {name: (shape.shape, str(shape.dtype)) for name, shape in shapes.items()}
    code = code_behind(*components, cls, *fixed.values())
    return content_hash(structure, compiled.names, cls, fixed, form, code)


def _is_array(value):
    return hasattr(value, "shape") and getattr(getattr(value, "dtype", None), "kind", "") in tuple("biufc")
