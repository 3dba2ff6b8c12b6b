"""The one comparison that every statistical test and its negative control use."""

import numpy as np


def assert_same_posterior(estimate, exact, dm, sdr=(0.9, 1.1)):
    """Two posteriors agree, parameter by parameter.

    Parameters
    ----------
    estimate, exact
        name -> (mean, sd).
    dm
        The largest difference of means, in the exact sd.
    sdr
        The smallest and largest ratio of the sds.

    Raises
    ------
    AssertionError
        Naming the parameter that differs the most.
    """
    missing = set(exact) - set(estimate)
    assert not missing, f"no estimate of {', '.join(sorted(missing))}"
    shift = {name: abs(estimate[name][0] - mean) / sd for name, (mean, sd) in exact.items()}
    ratio = {name: estimate[name][1] / sd for name, (_, sd) in exact.items()}
    assert np.isfinite([*shift.values(), *ratio.values()]).all(), f"an estimate is not finite: {estimate}"
    worst = max(shift, key=shift.get)
    assert shift[worst] <= dm, f"the mean of {worst} is off by {shift[worst]:.3g} sd, allowed are {dm:.3g}"
    worst = max(ratio, key=lambda name: abs(np.log(ratio[name])))
    assert sdr[0] <= ratio[worst] <= sdr[1], f"the sd of {worst} is {ratio[worst]:.3f} of the exact one"


def moments(names, values, log_weights):
    """name -> (mean, sd) of weighted draws [S, D]."""
    weights = np.exp(log_weights - np.max(log_weights))
    weights /= weights.sum()
    mean = weights @ values
    sd = np.sqrt(weights @ (values - mean) ** 2)
    return {name: (float(m), float(s)) for name, m, s in zip(names, mean, sd)}
