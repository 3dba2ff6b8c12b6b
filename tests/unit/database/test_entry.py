"""What the index knows of a fit."""

import dataclasses

import numpy as np
import pytest
from tests.unit.database.results import phase_result, write_fit

from cavity.database.entry import entries_of, is_result_file, phase_entries, result_entry
from cavity.model import Collection
from cavity.posterior.result import Result, load_result
from cavity.posterior.samples import Samples
from cavity.posterior.store import save_tree
from cavity.prior import UniformPrior
from cavity.search.model_problem import model_problem


def test_a_phase_is_a_row_and_each_dataset_is_one():
    phase, *datasets = phase_entries(phase_result())
    assert (phase.kind, phase.dataset, phase.log_evidence) == ("phase", "", -33.0)
    assert [entry.dataset for entry in datasets] == ["d0", "d1", "d2"]
    assert datasets[2].covariates == {"time": 2.0} and datasets[0].settings == {"name": "Laplace", "n_draws": 500}
    assert datasets[0].log_evidence is None, "a dataset of an EP phase has no evidence of its own"
    assert datasets[0].classes["gaussian"].endswith(":Exponential")


def test_independent_datasets_have_their_own_evidence():
    entries = phase_entries(phase_result(shared=None))
    assert [entry.kind for entry in entries] == ["dataset"] * 3
    alone = phase_entries(dataclasses.replace(phase_result(shared=None), inference="independent"))
    assert [entry.log_evidence for entry in alone] == [-10.0, -11.0, -12.0]


def test_a_fit_has_medians_fixed_values_and_relations(tmp_path):
    result = write_fit(tmp_path, "a", sigma=2.0)
    entry = result_entry(result)
    assert entry.values["gaussian.sigma"] == result.samples.median_pdf_vector[2]
    assert entry.values["twice.sigma"] == pytest.approx(2.0 * entry.values["gaussian.sigma"], rel=1e-12)
    assert entry.values["twice.centre"] == 50.0
    path = tmp_path / "a" / "result.h5"
    assert entry == entries_of(path)[0] == result_entry(load_result(path))


class Data:
    def __init__(self, data, noise_map):
        self.data, self.noise_map = data, noise_map

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum(((self.data - instance.centre) / self.noise_map) ** 2))


def identity(data=(1.0, 2.0), noise=1.0, upper=100.0, order=("centre", "sigma"), nlive=50, seed=1, search="Dynesty"):
    """The identity of a fit as a search makes it: inputs by content, then its own settings and seed."""
    priors = {"centre": UniformPrior(0.0, upper), "sigma": UniformPrior(0.0, 25.0)}
    model = Collection(**{name: priors[name] for name in order})
    inputs = model_problem(model, Data(np.array(data), noise)).identity
    samples = Samples(names=order, values=np.zeros((3, 2)), log_likelihoods=np.zeros(3))
    return Result(samples, model, search={"name": search, "nlive": nlive}, identity=inputs, seed=seed).identity


def test_whatever_decides_the_numbers_changes_the_identity():
    changed = {
        "dataset": identity(data=(1.0, 2.5)),
        "noise": identity(noise=2.0),
        "prior": identity(upper=50.0),
        "order of parameters": identity(order=("sigma", "centre")),
        "search setting": identity(nlive=51),
        "search": identity(search="Nautilus"),
        "seed": identity(seed=2),
    }
    assert identity() == identity()
    for what, other in changed.items():
        assert other != identity(), what
    assert len(set(changed.values())) == len(changed)


def test_fits_of_one_name_but_other_inputs_are_told_apart(tmp_path):
    first, second = write_fit(tmp_path, "a", sigma=2.0), write_fit(tmp_path, "b", sigma=2.0, inputs="another dataset")
    assert result_entry(first).identity != result_entry(second).identity
    assert result_entry(write_fit(tmp_path, "c", sigma=2.0)).identity == result_entry(first).identity


def test_sites_and_other_files_are_no_results(tmp_path):
    save_tree(tmp_path / "site.h5", {"x": 1})
    (tmp_path / "other.h5").write_text("not HDF5")
    assert not is_result_file(tmp_path / "site.h5") and not is_result_file(tmp_path / "other.h5")
