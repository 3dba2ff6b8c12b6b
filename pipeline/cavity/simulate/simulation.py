"""What a simulator returns."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np


class Simulation(NamedTuple):
    """Datasets with the parameters that made them."""

    data: Mapping[str, Mapping[str, np.ndarray]]  # dataset -> column -> one-dimensional array
    truth: Mapping[str, float]  # the names that summary.json uses -> value
    covariates: Mapping[str, Mapping[str, str]] = MappingProxyType({})  # dataset -> column of the table -> cell
