"""A linear Gaussian hierarchy with shared coefficients: exact but for one quadrature over the parent's sd."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

import cavity as cv
from cavity.rng import generator


class Line:
    """An offset of the dataset's own and coefficients of known regressors."""

    def __init__(self, offset=0.0, a=0.0, b=0.0, c=0.0, d=0.0):
        self.offset = offset
        self.coefficients = np.array([a, b, c, d])


class LinearAnalysis(cv.Analysis):
    """y = offset + X coefficients + unit noise."""

    def __init__(self, y, X):
        self.y, self.X = y, X

    def log_likelihood_function(self, instance):
        r = self.y - instance.offset - self.X @ instance.coefficients
        return float(-0.5 * r @ r - 0.5 * len(r) * np.log(2 * np.pi))


WITHIN = 0.6  # sd of the offsets of one group, where there are groups


@dataclass(frozen=True)
class LinearProblem:
    """N datasets of n points; p of the four coefficients are shared, the next few a dataset's own, the others zero.

    The offset is drawn from N(mean, sigma), mean ~ N(0, 3), sigma ~ HalfNormal(2); coefficients ~ N(0, 2). With
    ``members`` above one, datasets in their order form groups: a group's mean is drawn from N(mean, sigma), and the
    offsets of its members from N(that, ``WITHIN``).
    """

    y: np.ndarray
    X: np.ndarray
    p: int
    drawn: bool = True
    local: int = 0
    members: int = 1

    @classmethod
    def simulate(cls, n_datasets, n_points, p, seed, drawn=True, local=0, members=1):
        rng = generator(seed, "linear")
        X = rng.normal(size=(n_datasets, n_points, 4))
        coefficients = np.where(np.arange(4) < p, rng.normal(size=4), 0.0)
        offset = rng.normal(0.7, 1.1, n_datasets) if drawn else np.zeros(n_datasets)
        if members > 1:
            offset = np.repeat(offset[::members], members) + WITHIN * rng.normal(size=n_datasets)
        y = offset[:, None] + X @ coefficients + rng.normal(size=(n_datasets, n_points))
        if local:
            own = rng.normal(size=(n_datasets, local))
            y = y + (X[:, :, p : p + local] @ own[..., None])[..., 0]
        return cls(y, X, p, drawn, local, members)

    @property
    def names(self):
        return [f"coefficient_{k}" for k in range(self.p)]

    def graph(self):
        """The problem as a factor graph, with a study's names."""
        shared = [cv.GaussianPrior(0.0, 2.0) for _ in range(self.p)]
        namespace = dict(zip(self.names, shared))
        offset = 0.0
        if self.drawn:
            namespace["population"] = population = cv.HierarchicalFactor(
                cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 3.0), sigma=cv.HalfNormalPrior(2.0)
            )
        factors = []
        for i, (y, X) in enumerate(zip(self.y, self.X)):
            own = [cv.GaussianPrior(0.0, 2.0) for _ in range(self.local)]
            values = dict(zip("abcd", [*shared, *own, *[0.0] * (4 - self.p - self.local)]))
            if self.members > 1 and i % self.members == 0:
                mean, name = population.drawn_variable(), f"group{i // self.members}"
                group = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=WITHIN, name=name)
            if self.drawn:
                offset = (group if self.members > 1 else population).drawn_variable()
            factors.append(
                cv.AnalysisFactor(cv.Model(Line, offset=offset, **values), LinearAnalysis(y, X), name=f"d{i}")
            )
        from cavity.graph import name_shared

        return cv.FactorGraphModel(*factors, names=name_shared(namespace))

    def exact(self):
        """{name: (mean, sd)} of every shared parameter, and the log evidence."""
        sigmas = np.geomspace(1e-3, 12.0, 800) if self.drawn else np.array([1e-9])
        log_w, means, squares = [], [], []
        for sigma in sigmas:
            log_z, mean, covariance = self._given(sigma)
            log_prior = np.log(2) - 0.5 * np.log(2 * np.pi * 4.0) - 0.5 * (sigma / 2.0) ** 2 if self.drawn else 0.0
            log_w.append(log_z + log_prior)
            means.append(mean)
            squares.append(np.diag(covariance) + mean**2)
        log_w = np.array(log_w) + (np.log(np.gradient(sigmas)) if self.drawn else 0.0)
        w = np.exp(log_w - logsumexp(log_w))
        mean = w @ np.array(means)
        sd = np.sqrt(w @ np.array(squares) - mean**2)
        names = [*(["population.mean"] if self.drawn else []), *self.names]
        out = {name: (float(m), float(s)) for name, m, s in zip(names, mean, sd)}
        if self.drawn:
            first = w @ sigmas
            out["population.sigma"] = (float(first), float(np.sqrt(w @ (sigmas - first) ** 2)))
        return out, float(logsumexp(log_w))

    def _given(self, sigma):
        """log evidence, mean and covariance of (mean, coefficients) given the parent's sd."""
        k = self.p + self.drawn
        prior_variance = np.array([9.0] * self.drawn + [4.0] * self.p)
        precision, shift, log_z = np.diag(1 / prior_variance), np.zeros(k), -0.5 * np.log(prior_variance).sum()
        n = self.members * self.y.shape[1]
        within = WITHIN**2 * np.kron(np.eye(self.members), np.ones((self.y.shape[1],) * 2)) if self.members > 1 else 0.0
        for y, X in zip(self.y.reshape(-1, n), self.X.reshape(-1, n, 4)):
            own = 2.0 * X[:, self.p : self.p + self.local]
            noise = np.eye(n) + (sigma**2 if self.drawn else 0.0) + own @ own.T + within
            inverse, log_det = np.linalg.inv(noise), np.linalg.slogdet(noise)[1]
            design = np.concatenate([np.ones((n, int(self.drawn))), X[:, : self.p]], axis=1)
            precision = precision + design.T @ inverse @ design
            shift = shift + design.T @ inverse @ y
            log_z += -0.5 * (y @ inverse @ y + log_det + n * np.log(2 * np.pi))
        covariance = np.linalg.inv(precision)
        mean = covariance @ shift
        return log_z + 0.5 * shift @ mean + 0.5 * np.linalg.slogdet(covariance)[1], mean, covariance
