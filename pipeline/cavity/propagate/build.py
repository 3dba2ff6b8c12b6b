"""A site function from the weighted samples of one search."""

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.gaussian import LOG_2PI, symmetric, weighted_moments
from cavity.numerics.mixture import split_modes
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis
from cavity.propagate.site import Site

FEWEST = 4.0  # effective particles of a mode that a bandwidth is computed for
WIDEST = 0.9  # of the interim prior's variance: the kernel must stay narrower to be divided by it


def bandwidth(ess, d):
    """Silverman's rule (1986, section 4.3) (docs/inference.md, eq. 10)."""
    return (4 / ((d + 2) * max(float(ess), FEWEST))) ** (1 / (d + 4))


def divide_by_interim(centres, kernel, log_w, interim_mean, interim_sd):
    """The interim prior N(m, diag s^2) divided out of Gaussian kernels (docs/inference.md, eq. 11).

    sum_s w_s N(theta; c_s, K) / N(theta; m, diag s^2) = sum_s exp(log_c_s) N(theta; t_s, H).

    Parameters
    ----------
    centres
        [S, d]
    kernel
        K [d, d], with K^-1 - diag(1 / s^2) positive definite.
    log_w
        [S]
    interim_mean, interim_sd
        [d]

    Returns
    -------
    (t, log_c, H)
        [S, d], [S] and [d, d].
    """
    d = len(interim_mean)
    precision = 1 / interim_sd**2
    inverse = np.linalg.inv(kernel)
    rest = symmetric(inverse - np.diag(precision))
    H = symmetric(np.linalg.inv(rest))
    t = (centres @ inverse - interim_mean * precision) @ H
    log_c = (
        log_w
        + np.log(interim_sd).sum()
        + 0.5 * d * LOG_2PI
        - 0.5 * np.linalg.slogdet(kernel)[1]
        + 0.5 * np.linalg.slogdet(H)[1]
        - 0.5 * np.einsum("sd,de,se->s", centres, inverse, centres)
        + 0.5 * (interim_mean**2 * precision).sum()
        + 0.5 * np.einsum("sd,de,se->s", t, rest, t)
    )
    return t, log_c, H


def _smoothed(theta, log_w, interim_mean, interim_sd):
    """Liu & West (2001) kernels of one mode, or None where they cannot be divided by the interim prior.

    docs/inference.md, eq. 10.
    """
    d = theta.shape[1]
    mean, covariance = weighted_moments(theta, log_w)
    covariance = covariance + 1e-10 * np.diag(interim_sd**2)
    h = bandwidth(effective_sample_size(log_w), d)
    scaled = covariance / np.outer(interim_sd, interim_sd)
    widest = np.linalg.eigvalsh(scaled)[-1]
    h = min(h, 0.95, np.sqrt(WIDEST / widest))
    centres = mean + np.sqrt(1 - h * h) * (theta - mean)
    try:
        found = divide_by_interim(centres, h * h * covariance, log_w, interim_mean, interim_sd)
    except np.linalg.LinAlgError:
        return None
    definite = np.isfinite(found[2]).all() and np.linalg.eigvalsh(found[2])[0] > 0
    return found if definite and not np.isnan(found[1]).any() else None


def _unsmoothed(theta, log_w, interim_mean, interim_sd):
    """Points instead of kernels: H = 0."""
    z = (theta - interim_mean) / interim_sd
    log_prior = -0.5 * (z * z).sum(-1) - np.log(interim_sd).sum() - 0.5 * theta.shape[1] * LOG_2PI
    return theta, log_w - log_prior, np.zeros((theta.shape[1], theta.shape[1]))


def _centres(theta, log_w, mode):
    """Means of the modes of the weighted points, the heaviest first: lists of d numbers."""
    weights = np.exp(log_w - log_w.max())
    masses = np.bincount(mode, weights)
    order = [k for k in np.argsort(-masses, kind="stable") if masses[k] > 0]
    return [(weights[mode == k] @ theta[mode == k] / masses[k]).tolist() for k in order]


def build_site(
    dataset,
    link,
    log_w,
    theta=None,
    interim_mean=None,
    interim_sd=None,
    payload=None,
    payload_names=(),
    design=None,
    coefficients=None,
    smooth=True,
    info=None,
):
    """A site of kind "particles".

    Parameters
    ----------
    dataset
        Its name.
    link
        The specification of :class:`~cavity.propagate.link.Link`.
    log_w
        [S] log(L pi / q) - log S: their log-sum-exp is the log evidence under the interim prior.
    theta
        [S, d] drawn samples on the parent's Gaussian scale (log x for a log-Gaussian); None without drawn variables.
    interim_mean, interim_sd
        [d]: pi = N(interim_mean, diag interim_sd^2) on that scale.
    payload, payload_names
        [S, k], the dataset's other parameters, and their names.
    design, coefficients
        A :class:`~cavity.propagate.design.SharedDesign` and the [S, F] of ``fit_surrogate``, where psi enters.
    smooth
        Whether kernels replace the points (Liu & West 2001, a mode at a time); without them H = 0.
    info
        Added to the site's own figures.

    Raises
    ------
    PropagationError
        If no weight is finite, or the shapes contradict each other.
    """
    log_w = np.asarray(log_w, float)
    d, p, S = len(link.get("drawn", ())), len(link.get("shared", ())), len(log_w)
    theta = np.zeros((S, 0)) if theta is None else np.asarray(theta, float).reshape(S, -1)
    if theta.shape[1] != d or (p > 0) != (design is not None) or (design is None) != (coefficients is None):
        raise PropagationError(
            f"{dataset}: its link has {d} drawn and {p} shared parameters, but theta has {theta.shape[1]} columns"
            f" and a design was {'given' if design is not None else 'not given'}"
        )
    if np.isnan(log_w).any() or not np.isfinite(log_w.max(initial=-np.inf)):
        raise PropagationError(f"{dataset}: none of its {S} samples has a finite weight: look at its likelihood")
    t, log_c, H, mode = theta, log_w.copy(), np.zeros((1, 0, 0)), np.zeros(S, int)
    if d:
        alive = np.isfinite(log_w)
        interim_mean = np.broadcast_to(np.asarray(interim_mean, float), (d,))
        interim_sd = np.broadcast_to(np.asarray(interim_sd, float), (d,))
        if smooth:
            mode[alive] = split_modes(theta[alive], log_w[alive])
        t, H = theta.copy(), np.zeros((mode.max() + 1, d, d))
        for k in range(len(H)):
            members = alive & (mode == k)
            arguments = theta[members], log_w[members], interim_mean, interim_sd
            found = (_smoothed(*arguments) if smooth else None) or _unsmoothed(*arguments)
            t[members], log_c[members], H[k] = found
    figures = {
        "ess": float(effective_sample_size(log_w)),
        "pareto_k": float(psis(log_w)[1]),
        "log_evidence": float(log_sum_exp(log_w)),
        "modes": int(len(H)),
    }
    if d:
        mean, covariance = weighted_moments(theta, log_w)
        figures |= {"interim_mean": interim_mean.tolist(), "interim_sd": interim_sd.tolist()}
        figures["centres"] = _centres(theta, log_w, mode)
        figures |= {"mean": mean.tolist(), "sd": np.sqrt(np.diag(covariance)).tolist()}
    shared = {}
    if design is not None:
        shared = {
            "transport": design.transport,
            "psi0": design.psi0,
            "whitener": design.whitener,
            "exponents": design.exponents,
            "coefficients": np.asarray(coefficients, float),
            "v_max": float(design.v_max),
        }
    return Site(
        dataset=dataset,
        kind="particles",
        link=link,
        log_c=log_c,
        t=t,
        H=H,
        mode=mode,
        theta=theta,
        payload=np.zeros((S, 0)) if payload is None else np.asarray(payload, float).reshape(S, -1),
        drawn_names=tuple(item["name"] for item in link.get("drawn", ())),
        payload_names=tuple(payload_names),
        info=figures | dict(info or {}),
        **shared,
    )
