"""The straight line of steps."""

import numpy as np
import pytest

from cavity.errors import ModelError
from cavity.model import Collection
from cavity.model.program import Program
from cavity.prior import UniformPrior


def program_of(model):
    paths = model.paths_by_prior()
    program = Program(tuple(paths), {prior: ".".join(path) for prior, path in paths.items()})
    program.slot(model)
    return program


def test_a_shared_relation_is_one_step():
    prior = UniformPrior()
    relation = np.exp(prior) * 2.0
    program = program_of(Collection(prior, relation, relation))
    assert len(program.steps) == 4  # exp, multiply, the check that it is finite, the collection
    assert list(program.linked()([0.0])) == [0.0, 2.0, 2.0]


def test_relations_give_the_bits_of_numpy():
    first, second = UniformPrior(), UniformPrior()
    relation = (first**2.5 - second / 3.0) * np.sqrt(first) + abs(-second)
    run = program_of(Collection(relation)).linked()
    for x, y in np.random.default_rng(1).random((20, 2)).tolist():
        assert run([x, y])[0] == relation.evaluate({first: np.float64(x), second: np.float64(y)})


@pytest.mark.parametrize("relation", [np.log, lambda x: 1.0 / (x - x), lambda x: (x - 3.0) ** 0.5])
def test_a_relation_that_is_not_finite_is_named_with_its_values(relation):
    prior = UniformPrior(-1.0, 1.0)
    run = program_of(Collection(x=prior, y=relation(prior))).linked()
    with pytest.raises(ModelError, match="the relation y = .* at x=-0.5; restrict the priors"):
        run([-0.5])


def test_an_empty_collection():
    assert len(program_of(Collection()).linked()([])) == 0
