"""The result of one fit: samples, the model they belong to, what a later fit starts from, and its file."""

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np

from cavity.errors import ResultError
from cavity.posterior.passing import Passing
from cavity.posterior.samples import jsonable
from cavity.posterior.store import load_attributes, load_tree, samples_from_tree, samples_tree, save_tree, tree_checksum
from cavity.posterior.stored_model import StoredModel, model_dict

logger = logging.getLogger("cavity.posterior")

OUTPUT = "output"
FILE = "result.h5"
_STORED = ("settings", "inputs", "seed", "name", "dataset", "covariates")


class Result(Passing):
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


# --- where a named fit keeps its result: output/<path_prefix>/<name>/<identity>/result.h5 ----------------------------


def fit_folder(search, identity):
    """The folder of one fit, None where the search has neither a name nor a path_prefix.

    Parameters
    ----------
    search
        Has ``path_prefix``, ``unique_tag`` and ``name``, each a text or None.
    identity
        Of the fit, see :func:`result_identity`.
    """
    if not (search.path_prefix or search.name):
        return None
    parts = [search.path_prefix, search.unique_tag, search.name]
    return Path(OUTPUT).joinpath(*(str(part) for part in parts if part), identity)


def kept_samples(folder, identity, rejects=False):
    """The samples of a finished fit, None where there is none or where it is not this one.

    Parameters
    ----------
    folder
        Of the fit, or None.
    identity
        That the result must have.
    rejects
        Whether samples count that were made by rejecting points where the likelihood failed.
    """
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        result = load_result(folder / FILE)
    except ResultError as error:
        logger.warning("%s; it is fitted again", error)
        return None
    if result.identity != identity or (result.samples.rejected and not rejects):
        return None
    logger.info("%s: fitted before, nothing is run", folder / FILE)
    return result.samples


def keep(folder, result):
    """Write a result where :func:`kept_samples` finds it; nothing where ``folder`` is None."""
    if folder is not None:
        save_result(folder / FILE, result)
