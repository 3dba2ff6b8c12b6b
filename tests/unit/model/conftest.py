"""Components as users write them."""

import numpy as np
import pytest

from cavity.model import Model
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre = centre
        self.normalization = normalization
        self.sigma = sigma


@pytest.fixture
def gaussian():
    """A Gaussian with three free parameters, as the documents compose it."""
    model = Model(Gaussian)
    model.centre = UniformPrior(lower_limit=0.0, upper_limit=100.0)
    model.normalization = LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
    model.sigma = GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
    return model
