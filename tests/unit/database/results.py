"""Results to index: a study's phase and single fits, made without any search."""

import numpy as np

from cavity.model import Collection, Model
from cavity.posterior.phase import PhaseResult
from cavity.posterior.result import Result, save_result
from cavity.posterior.samples import Samples
from cavity.prior import LogUniformPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


class Exponential(Gaussian):
    pass


def model_of(profile=Gaussian):
    width = UniformPrior(0.0, 25.0)
    centre, normalization = UniformPrior(0.0, 100.0), LogUniformPrior(0.01, 100.0)
    return Collection(
        gaussian=Model(profile, centre=centre, normalization=normalization, sigma=width),
        twice=Model(Gaussian, centre=50.0, normalization=1.0, sigma=2.0 * width),
    )


def samples_of(means, names=("gaussian.centre", "gaussian.normalization", "gaussian.sigma"), seed=0, n=200, **parts):
    values = np.random.default_rng(seed).normal(means, 0.01, size=(n, len(names)))
    likelihoods = -np.sum((values - means) ** 2, axis=1)
    return Samples(names=names, values=values, log_likelihoods=likelihoods, **parts)


def write_fit(folder, name, sigma, profile=Gaussian, log_evidence=-10.0, time=0.0, nlive=50, seed=1, inputs="inputs"):
    model = model_of(profile)
    result = Result(
        samples_of([50.0, 2.0, sigma], log_evidence=log_evidence),
        model,
        search={"name": "DynestyStatic", "nlive": nlive},
        identity=inputs,
        name=name,
        dataset=name,
        covariates={"time": time, "band": "red" if time < 1 else "blue"},
        seed=seed,
    )
    save_result(folder / name / "result.h5", result)
    return result


def phase_result(sigmas=(1.0, 3.0, 5.0), hash_="abc", **parts):
    shared = Samples(names=("population.mean",), values=np.random.default_rng(1).normal(3.0, 1.0, size=(100, 1)))
    local = {f"d{i}": samples_of([50.0, 2.0, sigma], seed=i, log_evidence=-10.0 - i) for i, sigma in enumerate(sigmas)}
    models = {f"d{i}": model_of(Gaussian if i else Exponential).to_dict() for i in range(len(sigmas))}
    covariates = {f"d{i}": {"time": float(i)} for i in range(len(sigmas))}
    settings = {"inference": "independent", "search": {"name": "Laplace", "settings": {"n_draws": 500}}}
    contents = {
        "shared": shared,
        "locals": local,
        "log_evidence": -33.0,
        "models": models,
        "covariates": covariates,
        "provenance": {"hash": hash_, "settings": settings},
    }
    return PhaseResult("study", "main", "ep", **{**contents, **parts})
