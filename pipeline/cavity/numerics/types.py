"""How a signature names an array: ``Annotated[Array, "S D"]`` is an array of numbers of shape (S, D).

The letters mean the same everywhere: S weighted points, Q points to evaluate at, D coordinates, K components of a
mixture, N sites or datasets; "..." is any number of leading axes.
"""

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
Seed = int | Sequence[int] | np.random.SeedSequence | np.random.Generator  # a generator is advanced
