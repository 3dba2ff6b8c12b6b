"""A site function from the weighted samples of one search."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.mixture import split_modes
from cavity.numerics.normal import LOG_2PI, is_positive_definite, symmetric, weighted_moments
from cavity.numerics.parts import part_of
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis
from cavity.propagate.design import SharedDesign
from cavity.propagate.site import Site

FEWEST = 4.0  # effective particles of a mode that a bandwidth is computed for
WIDEST = 0.9  # of the interim prior's variance: the kernel must stay narrower to be divided by it


def bandwidth(ess: float, d: int) -> float:
    """Silverman's rule (1986, section 4.3) (docs/inference.md, eq. 10)."""
    return (4 / ((d + 2) * max(float(ess), FEWEST))) ** (1 / (d + 4))


def divide_by_interim(
    centres: Annotated[Array, "S d"], kernel: Annotated[Array, "d d"], log_w: Annotated[Array, "S"]
) -> tuple[Annotated[Array, "S d"], Annotated[Array, "S"], Annotated[Array, "d d"]]:
    """The interim prior N(0, I) divided out of Gaussian kernels (docs/inference.md, eq. 11).

    sum_s w_s N(x; c_s, K) / N(x; 0, I) = sum_s exp(log_c_s) N(x; t_s, H), with G = (I - K)^-1, H = K G, t = G c and
    log_c = log w + 1/2 log |G| + 1/2 c^T G c + d/2 log 2 pi. K may be singular, or zero: points stay points. No term is
    the difference of two large ones, however narrow the kernels.

    Parameters
    ----------
    centres
        [S, d], in units of the interim prior's sd from its mean.
    kernel
        K [d, d], with I - K positive definite.
    log_w
        [S]

    Returns
    -------
    (t, log_c, H)
        [S, d], [S] and [d, d].
    """
    d = centres.shape[1]
    gain = symmetric(np.linalg.inv(np.eye(d) - kernel))
    t = centres @ gain
    log_c = log_w + 0.5 * (np.linalg.slogdet(gain)[1] + (centres * t).sum(-1) + d * LOG_2PI)
    return t, log_c, symmetric(kernel @ gain)


def _shrunk(covariance, share):
    """A share of the correlations taken away: few points have a covariance that is singular, or flat by accident."""
    return (1 - share) * covariance + share * np.diag(np.diag(covariance))


def _smoothed(x, log_w, smooth, width, spare):
    """Liu & West (2001) kernels of one mode (docs/inference.md, eq. 10), the interim prior divided out.

    Parameters
    ----------
    x, log_w
        [S, d] in units of the interim prior, and [S].
    smooth
        [d] booleans: along which columns. The others keep their points: a kernel would leak over a limit. Along
        ``smooth`` a kernel has the shape that the mode has given the others, so moments stay what they are.
    width
        Of the kernels, in units of Silverman's rule.
    spare
        [d, d], the covariance that a mode of too few points is given: the heaviest mode's.
    """
    count = int(smooth.sum())
    kernel, centres = np.zeros((x.shape[1],) * 2), x
    if count:
        mean, covariance = weighted_moments(x, log_w)
        ess = effective_sample_size(log_w)
        if ess < count + 1 and spare is not None:  # too few points to have a shape
            covariance = spare
        slope = _slope(covariance, smooth)
        shape = symmetric(covariance[np.ix_(smooth, smooth)] - slope @ covariance[np.ix_(smooth, ~smooth)].T)
        shape = _shrunk(shape, min(1.0, (count / ess) ** 2))
        widest = max(np.linalg.eigvalsh(shape)[-1], 0.0)
        h = min(bandwidth(ess, count), 0.95)
        h = h if h * h * widest < WIDEST else np.sqrt(WIDEST / widest)
        h = width * h
        kernel[np.ix_(smooth, smooth)] = h * h * shape
        expected = mean[smooth] + (x[:, ~smooth] - mean[~smooth]) @ slope.T
        centres = x.copy()
        centres[:, smooth] = expected + np.sqrt(1 - h * h) * (x[:, smooth] - expected)
    return divide_by_interim(centres, kernel, log_w)


def with_parts_apart(site: Site) -> Site:
    """The same site where each part of its particles keeps its own mean and covariance, in place of the whole's.

    Parts that are drawn in towards one mean differ by less than what they were drawn from: by sqrt(1 - h^2) for the
    mean of a site, by 1 - h^2 for its covariance (docs/inference.md, eq. 15). To first order it is the same site, so it
    tells the noise of the other; but its own bias is that of one part alone, and so P times as large.
    """
    t, log_c, part = site.t.copy(), site.log_c.copy(), part_of(site.size)
    x = (site.theta - site.centre) / site.scale
    for k in range(len(site.H) if site.d else 0):
        smooth, members = np.diag(site.H[k]) > 0, (site.mode == k) & np.isfinite(site.log_c)
        if not smooth.any() or not members.any():
            continue
        inverse = symmetric(np.linalg.inv(np.eye(site.d) + site.H[k]))  # I - K, as H = K (I - K)^-1
        kernel, centres = np.eye(site.d) - inverse, site.t[members] @ inverse
        log_w = site.log_c[members] - divide_by_interim(centres, kernel, np.zeros(len(centres)))[1]
        moved = _apart(x[members], centres, log_w, part[members], kernel, smooth)
        t[members], log_c[members], _ = divide_by_interim(moved, kernel, log_w)
    return replace(site, t=t, log_c=log_c)


def _apart(x, centres, log_w, part, kernel, smooth):
    """Centres [S, d] that keep the mean and the covariance of each part along ``smooth``; as they are where few are."""
    covariance = weighted_moments(x, log_w)[1]
    slope = _slope(covariance, smooth)
    along = x[:, ~smooth] @ slope.T
    apart, drawn_in, kernel = x[:, smooth] - along, centres[:, smooth] - along, kernel[np.ix_(smooth, smooth)]
    whole = _contraction(weighted_moments(apart, log_w)[1], kernel)
    moved = centres.copy()
    for p in np.unique(part):
        own = part == p
        if effective_sample_size(log_w[own]) < FEWEST * (len(kernel) + 1):
            return centres
        mean, covariance = weighted_moments(apart[own], log_w[own])
        contraction = _contraction(covariance, kernel)
        if whole is None or contraction is None:
            return centres
        away = drawn_in[own] - weighted_moments(drawn_in[own], log_w[own])[0]
        moved[np.ix_(own, smooth)] = along[own] + mean + away @ np.linalg.solve(whole.T, contraction.T)
    return moved


def _contraction(covariance, kernel):
    """The matrix that takes points of a covariance to those that have it together with kernels around them, or None."""
    if not is_positive_definite(covariance - kernel):
        return None
    return np.linalg.cholesky(covariance - kernel) @ np.linalg.inv(np.linalg.cholesky(covariance))


def _slope(covariance, smooth):
    """How the columns along which there are kernels follow the others: [c, d - c]."""
    held, rest = np.ix_(~smooth, ~smooth), np.ix_(smooth, ~smooth)
    return covariance[rest] @ np.linalg.pinv(covariance[held], hermitian=True)


def _centres(theta, log_w, mode):
    """Means of the modes of the weighted points, the heaviest first: lists of d numbers."""
    weights = np.exp(log_w - log_w.max())
    masses = np.bincount(mode, weights)
    order = [k for k in np.argsort(-masses, kind="stable") if masses[k] > 0]
    return [(weights[mode == k] @ theta[mode == k] / masses[k]).tolist() for k in order]


def with_floor(site: Site, share: float) -> Site:
    """The same site with a share of its evidence spread over its interim prior: a mode that its search missed is rare.

    Of a first look, whose product with others a mode that one of them missed must survive.
    """
    d, gain = len(site.centre), 1 / (1 - WIDEST)  # a kernel of .9 of the interim prior, that divided out
    log_c = np.log(share) + site.info["log_evidence"] + 0.5 * d * (np.log(gain) + LOG_2PI)
    return replace(
        site,
        log_c=np.append(site.log_c, log_c),
        t=np.concatenate([site.t, np.zeros((1, d))]),
        H=np.concatenate([site.H, WIDEST * gain * np.eye(d)[None]]),
        mode=np.append(site.mode, len(site.H)),
        theta=np.concatenate([site.theta, site.centre[None]]),
        payload=np.concatenate([site.payload, site.payload[:1]]),
    )


def build_site(
    dataset: str,
    link: Mapping,
    log_w: Annotated[Array, "S"],
    theta: Annotated[Array, "S d"] | None = None,
    interim_mean: Annotated[Array, "d"] | None = None,
    interim_sd: Annotated[Array, "d"] | None = None,
    payload: Annotated[Array, "S k"] | None = None,
    payload_names: Sequence[str] = (),
    payload_transport: Annotated[Array, "S k p"] | None = None,
    design: SharedDesign | None = None,
    coefficients: Annotated[Array, "S F"] | None = None,
    smooth: bool = True,
    width: float = 1.0,
    info: Mapping | None = None,
) -> Site:
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
    payload_transport
        [S, k, p], how the other parameters move with v; they stay where they are if not given.
    design, coefficients
        A :class:`~cavity.propagate.design.SharedDesign` and the [S, F] of ``fit_surrogate``, where psi enters.
    smooth
        Whether kernels replace the points (Liu & West 2001, a mode at a time); without them H = 0. Points they remain
        along a drawn variable with a limit.
    width
        Of the kernels, in units of Silverman's rule: at most 1.
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
    centre, scale = np.zeros(0), np.ones(0)
    if d:
        alive = np.isfinite(log_w)
        interim_mean = np.broadcast_to(np.asarray(interim_mean, float), (d,))
        interim_sd = np.broadcast_to(np.asarray(interim_sd, float), (d,))
        centre, scale = interim_mean, interim_sd
        x = (theta - centre) / scale
        if smooth:
            mode[alive] = split_modes(x[alive], log_w[alive])
        unlimited = [item.get("lower") is None and item.get("upper") is None for item in link["drawn"]]
        t, H = x, np.zeros((mode.max() + 1, d, d))
        heaviest = mode == np.argmax(np.bincount(mode, np.exp(log_w - log_w.max())))
        spare = weighted_moments(x[heaviest], log_w[heaviest])[1]
        for k in range(len(H)):
            members = alive & (mode == k)
            which = smooth & np.array(unlimited)
            t[members], log_c[members], H[k] = _smoothed(x[members], log_w[members], which, width, spare)
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
    if payload_transport is not None:
        shared["payload_transport"] = np.asarray(payload_transport, float)
    return Site(
        dataset=dataset,
        kind="particles",
        link=link,
        log_c=log_c,
        t=t,
        H=H,
        centre=centre,
        scale=scale,
        mode=mode,
        theta=theta,
        payload=np.zeros((S, 0)) if payload is None else np.asarray(payload, float).reshape(S, -1),
        drawn_names=tuple(item["name"] for item in link.get("drawn", ())),
        payload_names=tuple(payload_names),
        info=figures | dict(info or {}),
        **shared,
    )
