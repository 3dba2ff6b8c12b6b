"""What the index knows of a fit."""
import dataclasses

import pytest
from tests.unit.database.results import phase_result, write_fit

from cavity.database.entry import entries_of, is_result_file, phase_entries, result_entry
from cavity.posterior.result import load_result
from cavity.posterior.store import save_tree


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


def test_identity_tells_fits_apart(tmp_path):
    fits = [
        write_fit(tmp_path, "a", sigma=2.0),
        write_fit(tmp_path, "b", sigma=2.0, nlive=51),
        write_fit(tmp_path, "c", sigma=2.0, seed=2),
        write_fit(tmp_path, "d", sigma=2.0, inputs="another dataset"),
    ]
    assert len({result_entry(fit).identity for fit in fits}) == 4
    assert result_entry(write_fit(tmp_path, "e", sigma=2.0)).identity == result_entry(fits[0]).identity


def test_sites_and_other_files_are_no_results(tmp_path):
    save_tree(tmp_path / "site.h5", {"x": 1})
    (tmp_path / "other.h5").write_text("not HDF5")
    assert not is_result_file(tmp_path / "site.h5") and not is_result_file(tmp_path / "other.h5")
