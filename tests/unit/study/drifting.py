"""A drifting line: a study whose datasets are fitted one after the other, with its posterior in closed form."""

import numpy as np

NOISE = 0.5
PRIOR_SD = 20.0  # of the first dataset's level and slope
X = np.linspace(-1.0, 1.0, 9)
DESIGN = np.stack([np.ones_like(X), X], axis=1)

STUDY = """
import numpy as np

import cavity as cv


class Line:
    def __init__(self, level=0.0, slope=0.0):
        self.level, self.slope = level, slope


class Analysis(cv.Analysis):
    calls = []

    def __init__(self, name, x, y):
        self.name, self.x, self.y = name, x, y

    def log_likelihood_function(self, instance):
        self.calls.append(self.name)
        line = instance.line
        return -0.5 * float(np.sum(((self.y - line.level - line.slope * self.x) / 0.5) ** 2))


def first_model():
    wide = {"level": cv.GaussianPrior(0.0, 20.0), "slope": cv.GaussianPrior(0.0, 20.0)}
    return cv.Collection(line=cv.Model(Line, **wide))


def factor(dataset, previous):
    before = previous.get("main")
    model = first_model() if before is None else before.model_with(factor=FACTOR)
    return cv.AnalysisFactor(model, Analysis(dataset.id, **dataset.load()))


def later(dataset, previous):
    return cv.AnalysisFactor(previous["main"].model_within(6.0), Analysis(dataset.id, **dataset.load()))


FACTOR = 10.0
"""
CONFIG = "phases: [{name: main, inference: sequential, search: {name: Laplace, n_draws: 4000}}]\n"


def data_of(index, shift=0.0, seed=0):
    """y of one dataset: level and slope drift from one to the next."""
    rng = np.random.default_rng((seed, index))
    return DESIGN @ [1.0 + 0.4 * index + shift, 2.0 - 0.3 * index] + rng.normal(0.0, NOISE, X.size)


def write_data(folder, index, shift=0.0, seed=0):
    """The file of one dataset."""
    lines = [f"{x},{y}" for x, y in zip(X, data_of(index, shift, seed), strict=True)]
    (folder / f"t{index}.csv").write_text("x,y\n" + "\n".join(lines) + "\n")


def write_study(folder, n=4, config=CONFIG, seed=0, factor=10.0):
    """Write the study."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.py").write_text(STUDY.replace("FACTOR = 10.0", f"FACTOR = {factor}"))
    (folder / "config.yaml").write_text(config)
    (folder / "datasets.tsv").write_text("dataset\tpath\n" + "".join(f"t{k}\tt{k}.csv\n" for k in range(n)))
    for index in range(n):
        write_data(folder, index, seed=seed)
    return folder


def posterior(y, mean=(0.0, 0.0), sd=(PRIOR_SD, PRIOR_SD)):
    """(mean, sd, log evidence) of level and slope, likelihood as the study writes it, prior independent Gaussians."""
    prior = np.diag(1.0 / np.square(sd))
    precision = DESIGN.T @ DESIGN / NOISE**2 + prior
    covariance = np.linalg.inv(precision)
    found = covariance @ (DESIGN.T @ y / NOISE**2 + prior @ mean)
    square = y @ y / NOISE**2 + np.asarray(mean) @ prior @ mean - found @ precision @ found
    log_evidence = -0.5 * square + 0.5 * np.linalg.slogdet(covariance)[1] - float(np.sum(np.log(sd)))
    return found, np.sqrt(np.diag(covariance)), log_evidence
