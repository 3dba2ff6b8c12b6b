"""The compiled map between vectors and instances: built once a model, cheap a call."""

import operator

import numpy as np

from cavity.errors import ModelError
from cavity.model.assertions import acceptance
from cavity.model.program import Program

COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class CompiledModel:
    """A model frozen for a fit: later changes of the model do not reach it.

    Attributes
    ----------
    priors, names
        The free parameters and their dotted paths, in the order of every vector.
    ndim
        Their number.
    assertions
        The comparisons that cut the prior.

    Raises
    ------
    ModelError
        If an argument has no prior, or an assertion uses a parameter that the model does not have.
    """

    def __init__(self, model):
        paths = model.paths_by_prior()
        self.priors = tuple(paths)
        self.names = tuple(".".join(path) for path in paths.values())
        self.ndim = len(self.priors)
        self.assertions = model.assertions
        self._quantiles = [prior.value_for for prior in self.priors]
        self._name_of = dict(zip(self.priors, self.names, strict=True))
        program = Program(self.priors, self._name_of)
        program.slot(model)
        self._make = program.linked()
        self._checks = [self._check(assertion) for assertion in self.assertions]

    def vector(self, unit):
        """Quantiles in [0, 1], shape (ndim,) -> parameter values, shape (ndim,)."""
        units = self._values(unit)
        return np.array([value_for(unit) for value_for, unit in zip(self._quantiles, units, strict=True)])

    def vectors(self, units):
        """The same for many points, shape (n, ndim) -> (n, ndim)."""
        return self._by_column(units, lambda prior, column: prior.value_for(column))

    def unit(self, vector):
        """Parameter values, shape (ndim,) -> quantiles in [0, 1], shape (ndim,)."""
        return np.array([prior.cdf(x) for prior, x in zip(self.priors, self._values(vector), strict=True)])

    def units(self, vectors):
        """The same for many points, shape (n, ndim) -> (n, ndim)."""
        return self._by_column(vectors, lambda prior, column: prior.cdf(column))

    def instance(self, vector):
        """Parameter values, shape (ndim,) -> the user's own objects.

        Raises
        ------
        ModelError
            If a relation is not finite, naming it and the values.
        """
        return self._make(self._values(vector))

    def instance_of(self, values):
        """The same from a list of whatever stands for numbers, such as what JAX traces."""
        return self._make(values)

    def log_prior(self, vector):
        """Log density of the priors, without assertions; -inf outside their limits."""
        values = self._values(vector)
        return float(sum(prior.log_prob(x) for prior, x in zip(self.priors, values, strict=True)))

    def log_priors(self, vectors):
        """The same for many points, shape (n, ndim) -> (n,)."""
        return self._by_column(vectors, lambda prior, column: prior.log_prob(column)).sum(axis=1)

    def satisfies(self, vector):
        """Whether every assertion holds."""
        if not self._checks:
            return True
        values = self._values(vector)
        return all(check(values) for check in self._checks)

    def satisfied(self, vectors):
        """The same for many points, shape (n, ndim) -> (n,) of bools."""
        columns = np.asarray(vectors, float).T
        values = dict(zip(self.priors, columns, strict=True))
        holds = np.ones(columns.shape[1], bool)
        for assertion in self.assertions:
            holds &= assertion.satisfied(values)
        return holds

    @property
    def has_assertions(self):
        """Whether anything cuts the prior."""
        return bool(self._checks)

    def acceptance(self, rng):
        """The fraction of the prior's mass that the assertions leave, an ``Acceptance``."""
        return acceptance(self, rng)

    def described(self, expression):
        """A relation or assertion with the names of its parameters."""
        return expression.described(self._name_of.__getitem__)

    def _values(self, vector):
        values = vector.tolist() if isinstance(vector, np.ndarray) else [float(x) for x in vector]
        if len(values) != self.ndim:
            raise ModelError(f"the model has {self.ndim} free parameters, got {len(values)} values")
        return values

    def _by_column(self, points, function):
        points = np.asarray(points, float)
        if points.ndim != 2 or points.shape[1] != self.ndim:
            raise ModelError(f"expected points of shape (n, {self.ndim}), got {points.shape}")
        columns = [function(prior, column) for prior, column in zip(self.priors, points.T, strict=True)]
        return np.stack(columns, axis=1) if columns else points

    def _check(self, assertion):
        for prior in assertion.variables():
            if prior not in self._name_of:
                shown = assertion.described(lambda leaf: self._name_of.get(leaf, str(leaf)))
                raise ModelError(
                    f"the assertion {shown} uses a parameter that the model does not have; assert after "
                    f"the parameter's last change, on the model that holds it"
                )
        program = Program(self.priors, self._name_of)
        sides = [program.raw(side) for side in (assertion.left, assertion.right)]
        program.steps.append((COMPARE[assertion.op], sides))
        return program.linked()
