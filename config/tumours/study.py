"""Tumours under treatment: cells, tumour, patient, population, seen by three kinds of data that some patients lack."""

import numpy as np
from scipy.special import gammaln

import cavity as cv

DIVISION = 0.5  # months in which a dividing cell is seen as one


class Tumour:
    """Two kinds of cells: most shrink under treatment, a fraction resists and grows. Rates a month, volume in ml."""

    def __init__(self, log_growth=-1.0, shrink=0.5, resistant=0.1, log_volume=0.0):
        self.log_growth = log_growth
        self.shrink = shrink
        self.resistant = resistant
        self.log_volume = log_volume

    def log_cells(self, months):
        """Logarithms of the cells that resist and of the others, over all cells at the beginning."""
        resistant = np.log(self.resistant) + np.exp(self.log_growth) * months
        return resistant, np.log1p(-self.resistant) - self.shrink * months

    def log_size(self, months):
        """Log of the volume over the volume at the beginning."""
        return np.logaddexp(*self.log_cells(months))

    def dividing(self, months):
        """Logarithms of the chances that a cell is seen dividing, as only those that resist are, and that it is not."""
        return self._chances(months, -np.exp(self.log_growth) * DIVISION)

    def mutant(self, months):
        """The same of a read from the mutant copy: one of two, in a cell that resists."""
        return self._chances(months, np.log(0.5))

    def _chances(self, months, log_not):
        """``log_not``: log of the chance that it is not, in a cell that resists."""
        resistant, others = (cells - self.log_size(months) for cells in self.log_cells(months))
        return resistant + np.log(-np.expm1(log_not)), np.logaddexp(others, resistant + log_not)


class Scans:
    """Volumes, with a known error of their logarithm."""

    def __init__(self, months, log_volume, error):
        self.months, self.log_volume, self.error = months, log_volume, error
        self.normalisation = -np.sum(np.log(error * np.sqrt(2.0 * np.pi)))

    def model(self, tumour):
        return tumour.log_volume + tumour.log_size(self.months)

    def log_likelihood(self, tumour):
        return self.normalisation - 0.5 * np.sum(((self.log_volume - self.model(tumour)) / self.error) ** 2, axis=-1)


class Counts:
    """So many of a total; ``chances(tumour)`` has the logarithms of the chance that one of them counts, and of not."""

    def __init__(self, chances, counted, total):
        self.chances, self.counted, self.total = chances, counted, total
        self.log_coefficients = np.sum(gammaln(total + 1.0) - gammaln(counted + 1.0) - gammaln(total - counted + 1.0))

    def log_likelihood(self, tumour):
        log_yes, log_no = self.chances(tumour)
        each = self.counted * log_yes + (self.total - self.counted) * log_no
        return self.log_coefficients + np.sum(each, axis=-1)


class Analysis(cv.Analysis):
    """The kinds of data that a tumour has; their log likelihoods add. Scans are drawn where there are any."""

    def __init__(self, kinds):
        self.kinds = kinds
        if "scans" in kinds:
            scans = kinds["scans"]
            self.xvalues, self.data, self.noise_map = scans.months, scans.log_volume, scans.error

    def model_data(self, instance):
        return self.kinds["scans"].model(instance.tumour)

    def log_likelihood_function(self, instance):
        return float(sum(kind.log_likelihood(instance.tumour) for kind in self.kinds.values()))

    def log_likelihood_batch(self, arrays):
        """{path: (n,)} -> (n,): the same of n tumours at once, an axis of visits behind."""
        tumours = Tumour(**{path.split(".")[-1]: np.asarray(values)[:, None] for path, values in arrays.items()})
        return sum(kind.log_likelihood(tumours) for kind in self.kinds.values())


def kinds_of(months, log_volume, error, dividing, cells, mutant, reads):
    """{kind: data} of the table of one tumour's visits: what was not measured there is nan, and is left out."""
    kinds = {}
    if (seen := np.isfinite(log_volume)).any():
        kinds["scans"] = Scans(months[seen], log_volume[seen], error[seen])
    if (counted := np.isfinite(dividing)).any():
        biopsied = months[counted]
        kinds["biopsies"] = Counts(lambda tumour: tumour.dividing(biopsied), dividing[counted], cells[counted])
    if (read := np.isfinite(mutant)).any():
        sequenced = months[read]
        kinds["sequencing"] = Counts(lambda tumour: tumour.mutant(sequenced), mutant[read], reads[read])
    return kinds


# Population of patients, and how tumours of one patient differ.
population = cv.HierarchicalFactor(
    cv.GaussianPrior, mean=cv.GaussianPrior(mean=-1.0, sigma=1.0), sigma=cv.HalfNormalPrior(sigma=1.0)
)
within = cv.HalfNormalPrior(sigma=0.5)


@cv.plate("patient")
def patient(key):
    """What all tumours of one patient have in common."""
    return cv.Collection(log_growth=population.drawn_variable())


def factor(dataset):
    """A tumour's growth is drawn around its patient's; a volume is a parameter only where there are scans."""
    kinds = kinds_of(**dataset.load())
    tumours = cv.HierarchicalFactor(cv.GaussianPrior, mean=patient(dataset.patient).log_growth, sigma=within)
    tumour = cv.Model(
        Tumour,
        log_growth=tumours.drawn_variable(),
        shrink=cv.LogUniformPrior(lower_limit=0.1, upper_limit=3.0),
        resistant=cv.LogUniformPrior(lower_limit=0.003, upper_limit=0.5),
        log_volume=cv.GaussianPrior(mean=2.0, sigma=2.0) if "scans" in kinds else 0.0,
    )
    return cv.AnalysisFactor(prior_model=cv.Collection(tumour=tumour), analysis=Analysis(kinds))
