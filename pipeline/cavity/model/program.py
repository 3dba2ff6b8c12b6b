"""A model as a straight line of steps: parameter values in, instance out, without a walk through the tree."""

import math
import operator
from dataclasses import dataclass, field

import numpy as np

from cavity.errors import ModelError
from cavity.model.node import Node
from cavity.prior import Prior, Relation, ufunc_named

EXACT = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul}  # same bits as numpy, no array


@dataclass
class Program:
    """Steps over a list of slots: the parameters, then the constants, then one result a step.

    A slot is addressed as ("parameter" | "constant" | "step", number) until all are known.
    """

    priors: tuple
    name_of: dict
    constants: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    _seen: dict = field(default_factory=dict)
    _number: dict = field(default_factory=dict)

    def __post_init__(self):
        self._number = {prior: number for number, prior in enumerate(self.priors)}

    def slot(self, value, path=()):
        """The slot that will hold the value of a node, an expression or a constant."""
        if isinstance(value, Prior):
            return "parameter", self._number[value]
        if isinstance(value, Node):
            slots = [self.slot(child, (*path, name)) for name, child in value.children.items()]
            return self._step(value.build(), slots)
        if isinstance(value, Relation):
            return self._once(("finite", value), lambda: self._finite(value, path))
        return self._constant(value)

    def raw(self, value):
        """The slot of an expression or number, whether finite or not."""
        if isinstance(value, Prior):
            return "parameter", self._number[value]
        if not isinstance(value, Relation):
            return self._constant(value)
        return self._once(value, lambda: self._step(_quiet(value.ufunc), [self.raw(arg) for arg in value.args]))

    def linked(self):
        """A function of the list of parameter values that gives the last step's result."""
        n_parameters, n_constants = len(self.priors), len(self.constants)
        start = {"parameter": 0, "constant": n_parameters, "step": n_parameters + n_constants}
        steps = [(make, _picker([start[kind] + number for kind, number in slots])) for make, slots in self.steps]
        constants = self.constants
        *before, (last, pick_last) = steps

        def run(values):
            slots = values + constants
            for make, pick in before:
                slots.append(make(*pick(slots)))
            return last(*pick_last(slots))

        return run

    def _step(self, make, slots):
        self.steps.append((make, slots))
        return "step", len(self.steps) - 1

    def _constant(self, value):
        self.constants.append(value)
        return "constant", len(self.constants) - 1

    def _once(self, key, make):
        if key not in self._seen:
            self._seen[key] = make()
        return self._seen[key]

    def _finite(self, relation, path):
        slots = [self.raw(relation), *(self.raw(prior) for prior in relation.variables())]
        names = [self.name_of[prior] for prior in relation.variables()]
        formula = relation.described(self.name_of.__getitem__)

        def finite(value, *values):
            try:
                if math.isfinite(value):
                    return float(value)
            except TypeError:  # traced by JAX: it has no value yet
                return value
            at = ", ".join(f"{name}={value!r}" for name, value in zip(names, values, strict=True))
            raise ModelError(
                f"the relation {'.'.join(path)} = {formula} is {value} at {at}; restrict the priors so "
                f"that it is finite everywhere"
            )

        return self._step(finite, slots)


def _quiet(name):
    if name in EXACT:
        return EXACT[name]
    ufunc = ufunc_named(name)

    def evaluate(*args):
        with np.errstate(all="ignore"):
            try:
                return ufunc(*args)
            except TypeError:  # traced by JAX
                return traced_ufunc(name)(*args)

    return evaluate


def traced_ufunc(name):
    """The function of JAX that a ufunc of numpy or scipy.special is called by there."""
    import jax

    return getattr(jax.numpy, name, None) or getattr(jax.scipy.special, name)


def _picker(slots):
    """A function of the list of slots that gives some of them as a tuple."""
    if not slots:
        return lambda values: ()
    if len(slots) == 1:
        (only,) = slots
        return lambda values: (values[only],)
    return operator.itemgetter(*slots)
