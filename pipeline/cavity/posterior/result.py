"""The result of one fit: samples, the model they belong to, and what a later fit starts from."""

import dataclasses
import json
from functools import cached_property

import numpy as np

from cavity.errors import ResultError
from cavity.posterior.passing import model_confined, model_with_covariance, model_with_gaussians
from cavity.posterior.samples import jsonable
from cavity.posterior.store import load_attributes, load_tree, samples_from_tree, samples_tree, save_tree, tree_checksum
from cavity.posterior.stored_model import StoredModel, model_dict

_STORED = ("settings", "inputs", "seed", "name", "dataset", "covariates")


class Result:
    """Samples of one fit and the model that was fitted.

    Parameters
    ----------
    samples
        Samples in the order of the model's parameters.
    model
        The model that was fitted, or its stored form.
    search
        The search, or its settings as a dict.
    analysis
        What was fitted; in memory only, never stored.
    identity
        Hash of what was fitted: data, likelihood, model and priors in their order.
    seed
        Of the search.
    name, dataset, covariates
        Where the result belongs, for tables and queries.
    """

    def __init__(
        self, samples, model, search=None, analysis=None, identity="", name="", dataset="", covariates=None, seed=None
    ):
        if len(samples.names) != model.prior_count:
            raise ResultError(f"samples of {len(samples.names)} parameters for a model with {model.prior_count}")
        labels = model.labels if samples.labels is None else samples.labels
        units = model.units if samples.units is None else samples.units
        self.samples = dataclasses.replace(samples, model=model, labels=labels, units=units)
        self.fitted_model = model
        self.settings = jsonable(search.settings() if hasattr(search, "settings") else dict(search or {}))
        self.analysis = analysis
        self.inputs, self.name, self.dataset = str(identity), str(name), str(dataset)
        self.seed = None if seed is None else int(seed)
        self.covariates = jsonable(dict(covariates or {}))

    def __eq__(self, other):
        """Equal to the last bit: samples, model, settings and where it belongs."""
        if not isinstance(other, Result):
            return NotImplemented
        return self.samples == other.samples and self._description == other._description

    __hash__ = None

    @property
    def _description(self):
        return {"model": model_dict(self.fitted_model), **{key: getattr(self, key) for key in _STORED}}

    @property
    def identity(self):
        """Hash of all that decides the numbers: what was fitted, the search's settings and its seed."""
        return result_identity(self.inputs, self.settings, self.seed)

    # --- instances and evidence ---------------------------------------------------------------------------------

    @property
    def instance(self):
        """The model at the highest log likelihood."""
        return self.max_log_likelihood_instance

    @property
    def max_log_likelihood_instance(self):
        """The model at the sample with the highest log likelihood."""
        return self.samples.max_log_likelihood_instance

    @property
    def max_log_posterior_instance(self):
        """The model at the sample with the highest posterior density."""
        return self.samples.max_log_posterior_instance

    @property
    def median_pdf_instance(self):
        """The model at the marginal medians."""
        return self.samples.median_pdf_instance

    @property
    def log_evidence(self):
        """Natural logarithm of the marginal likelihood, or None."""
        return self.samples.log_evidence

    @property
    def log_evidence_error(self):
        """Its standard error, or None."""
        return self.samples.log_evidence_error

    @property
    def log_likelihood(self):
        """The highest log likelihood among the samples."""
        return float(np.nanmax(self.samples.log_likelihood_list))

    # --- what a later fit starts from ---------------------------------------------------------------------------

    @cached_property
    def model(self):
        """The fitted model with this posterior as its priors: :meth:`model_with` at its defaults."""
        return self.model_with()

    def model_with(self, factor=3.0, floor=None):
        """Prior passing: each parameter gets a Gaussian at its posterior mean, cut at its old limits.

        Parameters
        ----------
        factor
            Posterior sds in the new prior's sigma; 3 leaves room where the first fit was a rough one.
        floor
            Smallest sigma, in the parameter's unit: a number, or {parameter name: number}; None: the width that
            priors.yaml gives, and a hundredth of the old prior's sd.
        """
        return model_with_gaussians(self.fitted_model, self.samples, factor, floor)

    def model_with_covariance(self, factor=3.0):
        """Prior passing of the whole covariance: the parameters become relations of independent unit Gaussians."""
        return model_with_covariance(self.fitted_model, self.samples, factor)

    def model_within(self, sds=6.0):
        """The fitted model with each prior cut to the posterior mean plus and minus ``sds`` standard deviations.

        The prior's own density stays: the next posterior is the one a single fit gives, found in a smaller space.
        """
        return model_confined(self.fitted_model, self.samples, sds)

    # --- to print -----------------------------------------------------------------------------------------------

    @property
    def summary(self):
        """The samples' table."""
        return self.samples.summary

    @property
    def info(self):
        """The fitted model, the search and the posterior as text."""
        lines = [str(self.fitted_model.info), ""]
        if self.settings:
            settings = {key: value for key, value in self.settings.items() if key != "name"}
            lines += [f"{self.settings.get('name', 'search')} {settings}", ""]
        return "\n".join([*lines, self.summary])


def result_identity(inputs, settings, seed):
    """Hash of all that decides a fit's numbers: known before the fit.

    Parameters
    ----------
    inputs
        Hash of what is fitted.
    settings
        Of the search, JSON-able.
    seed
        An integer or None.
    """
    settings = json.dumps(jsonable(settings), sort_keys=True)
    return tree_checksum({"inputs": inputs, "settings": settings, "seed": seed})


def save_result(path, result):
    """Write one result: samples, model, settings, identity; returns the checksum of the content."""
    description = result._description
    texts = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in description.items()}
    attributes = {"kind": "result", "identity": result.identity, "dataset": result.dataset, "name": result.name}
    return save_tree(path, {"samples": samples_tree(result.samples), **texts}, attributes=attributes)


def load_result(path, classes=()):
    """The result in a file, equal to the last bit to the one that was saved.

    Parameters
    ----------
    classes
        For the model's classes that cannot be imported. The others are, when an instance is first asked for.

    Raises
    ------
    ResultError
        If the file is missing, damaged, or holds something else than a result.
    """
    if load_attributes(path).get("kind") != "result":
        raise ResultError(f"{path}: holds no result of a fit")
    tree = load_tree(path)
    parts = {key: tree[key] for key in ("name", "dataset", "seed")}
    samples = samples_from_tree(tree["samples"])
    model = StoredModel(json.loads(tree["model"]), samples.names, classes)
    settings, covariates = json.loads(tree["settings"]), json.loads(tree["covariates"])
    return Result(samples, model, search=settings, covariates=covariates, identity=tree["inputs"], **parts)
