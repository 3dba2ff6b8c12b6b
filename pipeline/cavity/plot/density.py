"""Smooth densities of weighted samples on a grid: Gaussian kernels by FFT, reflected at the grid's ends."""

import numpy as np

from cavity.numerics.weights import effective_sample_size, quantiles


def plot_range(values, weights, tail=0.0015, margin=0.06):
    """Limits that hold all but a tail of the weight on each side, a little wider where there are samples."""
    low, high = quantiles(np.asarray(values)[:, None], weights, [tail, 1.0 - tail])[:, 0]
    if not high > low:
        return low - 0.5 * max(abs(low), 1.0), high + 0.5 * max(abs(high), 1.0)
    margin *= high - low
    held = np.asarray(values)[np.asarray(weights) > 0.0]
    return max(low - margin, float(held.min())), min(high + margin, float(held.max()))


def density_1d(values, weights, low, high, n_grid=256):
    """Density on ``n_grid`` points from low to high (at the middles of as many bins); integrates to the weight inside.

    Parameters
    ----------
    values, weights
        (S,), weights summing to one.

    Returns
    -------
    x, density
        (n_grid,) each.
    """
    mass, edges = np.histogram(values, bins=n_grid, range=(low, high), weights=weights)
    step = edges[1] - edges[0]
    q25, q75 = quantiles(np.asarray(values)[:, None], weights, [0.25, 0.75])[:, 0]
    mean = np.average(values, weights=weights)
    sd = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    width = min(sd, (q75 - q25) / 1.349) if q75 > q25 else sd
    bandwidth = max(0.9 * width * _effective(weights) ** -0.2, 0.75 * step)
    frequency = np.fft.rfftfreq(2 * n_grid, d=step)
    mirrored = np.concatenate([mass, mass[::-1]])
    smooth = np.fft.irfft(np.fft.rfft(mirrored) * np.exp(-2.0 * (np.pi * frequency * bandwidth) ** 2), n=2 * n_grid)
    return 0.5 * (edges[1:] + edges[:-1]), np.maximum(smooth[:n_grid], 0.0) / step


def density_2d(x, y, weights, x_limits, y_limits, n_grid=128):
    """Density of pairs on a grid, with a kernel shaped like the samples' covariance.

    Returns
    -------
    x, y, density
        (n_grid,), (n_grid,) and (n_grid, n_grid), density[i, j] at x[i], y[j].
    """
    mass, x_edges, y_edges = np.histogram2d(x, y, bins=n_grid, range=(x_limits, y_limits), weights=weights)
    steps = np.array([x_edges[1] - x_edges[0], y_edges[1] - y_edges[0]])
    covariance = np.cov(np.stack([x, y]), aweights=weights, ddof=0)
    covariance = covariance * _effective(weights) ** (-1.0 / 3.0) + np.diag((0.75 * steps) ** 2)
    mirrored = np.block([[mass, mass[:, ::-1]], [mass[::-1], mass[::-1, ::-1]]])
    fx = np.fft.fftfreq(2 * n_grid, d=steps[0])[:, None]
    fy = np.fft.rfftfreq(2 * n_grid, d=steps[1])[None, :]
    form = covariance[0, 0] * fx**2 + 2.0 * covariance[0, 1] * fx * fy + covariance[1, 1] * fy**2
    smooth = np.fft.irfft2(np.fft.rfft2(mirrored) * np.exp(-2.0 * np.pi**2 * form), s=mirrored.shape)
    density = np.maximum(smooth[:n_grid, :n_grid], 0.0) / np.prod(steps)
    return 0.5 * (x_edges[1:] + x_edges[:-1]), 0.5 * (y_edges[1:] + y_edges[:-1]), density


def levels_holding(density, fractions):
    """The density above which each fraction of the mass lies, increasing as contour plots want them."""
    ordered = np.sort(density.ravel())[::-1]
    held = np.cumsum(ordered) / np.sum(ordered)
    return np.array(sorted(ordered[min(np.searchsorted(held, fraction), len(ordered) - 1)] for fraction in fractions))


def _effective(weights):
    with np.errstate(divide="ignore"):
        return effective_sample_size(np.log(weights))
