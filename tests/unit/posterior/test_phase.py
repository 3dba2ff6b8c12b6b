"""A phase's result: written, read back to the last bit, open to ArviZ and to plain h5py."""

import dataclasses
import json
import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples


def ep_result(n_datasets=3, n=600, seed=1, **changes):
    rng = np.random.default_rng(seed)
    shared = Samples(
        names=("population.mean", "population.sigma"),
        values=rng.normal([50.0, 5.0], [1.0, 0.5], size=(n, 2)),
        log_weights=0.3 * rng.normal(size=n),
        log_likelihoods=rng.normal(size=n),
        log_priors=rng.normal(size=n),
        log_evidence=-120.5,
        labels=(r"\mu", r"\sigma"),
        units=("pixel", "pixel"),
    )
    local = {
        f"d{i:02d}": Samples(
            names=("gaussian.centre", "gaussian.sigma") if i else ("gaussian.centre", "gaussian.sigma", "sky"),
            values=rng.normal(10.0 * i, 1.0, size=(300 + i, 2 if i else 3)),
            log_weights=rng.normal(size=300 + i),
            log_likelihoods=rng.normal(size=300 + i) if i else None,
            log_evidence=-40.0 - i,
            calls=1000 + i,
        )
        for i in range(n_datasets)
    }
    settings = {
        "study": "example",
        "phase": "main",
        "inference": "ep",
        "shared": shared,
        "locals": local,
        "log_evidence": -120.5,
        "log_evidence_error": 0.1,
        "converged": True,
        "rounds": 2,
        "likelihood_evaluations": {"total": 3003, "per_dataset": {"d00": 1000}, "per_round": [2000, 1003]},
        "mcse": {"population.mean": np.float64(0.05)},
        "pareto_k": 0.2,
        "warnings": ("one sentence",),
        "provenance": {"hash": "abc", "seed": 1, "versions": {"cavity": "0.1"}},
        "history": ({"round": 0, "kind": "pilot", "mean": {"population.mean": 49.0}, "sd": {"population.mean": 2.0}},),
        "covariates": {"d00": {"time": 1.5}},
    }
    return PhaseResult(**{**settings, **changes})


def test_it_comes_back_to_the_last_bit(tmp_path):
    result = ep_result()
    result.write(tmp_path)
    assert PhaseResult.read(tmp_path) == result
    assert PhaseResult.read(tmp_path) != ep_result(seed=2)
    assert PhaseResult.read(tmp_path) != dataclasses.replace(result, rounds=3)


def test_equal_results_are_equal_files(tmp_path):
    for name in "ab":
        ep_result().write(tmp_path / name)
    for file in ("summary.json", "posterior.h5"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_summary_has_every_parameter_with_its_errors(tmp_path):
    result = ep_result()
    result.write(tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    mean = summary["parameters"]["population.mean"]
    assert set(mean) == {"mean", "sd", "q05", "q16", "q50", "q84", "q95", "ess", "mcse"}
    assert mean["mcse"] == pytest.approx(0.05 * mean["sd"])
    local = summary["parameters"]["d01.gaussian.sigma"]
    assert local["mcse"] == pytest.approx(local["sd"] / np.sqrt(local["ess"]))
    assert local["mean"] == pytest.approx(result.locals["d01"].mean[1])
    assert summary["log_evidence"] == -120.5 and summary["log_evidence_per_dataset"]["d02"] == -42.0
    assert summary["likelihood_evaluations"]["per_round"] == [2000, 1003]
    assert summary["warnings"] == ["one sentence"] and summary["datasets"] == 3


def test_the_error_of_a_local_mean_counts_what_its_draws_were_made_of():
    result = ep_result()
    samples = result.locals["d01"]
    own = result.parameters()["d01.gaussian.sigma"]
    samples = replace(samples, info={"mean_error": {"gaussian.sigma": 2 * own["mcse"]}})
    result = replace(result, locals={**result.locals, "d01": samples})
    found = result.parameters()["d01.gaussian.sigma"]
    assert found["mcse"] == pytest.approx(np.sqrt(5.0) * own["mcse"]) and found["ess"] == own["ess"]


def test_summary_lists_a_thousand_datasets_at_most():
    one = Samples(names=("x",), values=np.arange(3.0)[:, None])
    result = ep_result(locals={f"d{i}": one for i in range(1001)})
    assert len(result.summary()["parameters"]) == 2 + 1000
    assert result.summary()["datasets"] == 1001 and result.summary()["datasets_listed"] == 1000


def test_arviz_opens_it(tmp_path):
    arviz = pytest.importorskip("arviz")
    result = ep_result()
    result.write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = arviz.from_netcdf(tmp_path / "posterior.h5", engine="h5netcdf")
    groups = ("posterior", "sample_stats", "weighted_samples", "weighted_local_samples", "evidence", "provenance")
    assert tuple(data.groups()) == groups
    draws = data.posterior
    assert draws["population.mean"].dims == ("chain", "draw")
    assert draws["gaussian.sigma"].dims == ("chain", "draw", "dataset")
    assert list(draws["dataset"].values) == ["d00", "d01", "d02"]
    assert draws["population.mean"].attrs["units"] == "pixel"
    expected = result.shared.mean[0]
    assert float(draws["population.mean"].mean()) == pytest.approx(expected, abs=0.05)
    expected = result.locals["d02"].mean[1]
    assert float(draws["gaussian.sigma"].sel(dataset="d02").mean()) == pytest.approx(expected, abs=0.05)
    assert np.isnan(draws["sky"].sel(dataset="d01")).all()
    weights = np.exp(data["weighted_samples"]["log_weight"])
    assert float((weights * data["weighted_samples"]["population.mean"]).sum()) == pytest.approx(result.shared.mean[0])
    assert str(data["provenance"]["hash"].values) == "abc" and int(data["provenance"]["seed"]) == 1
    table = arviz.summary(data, var_names=["population.mean"])
    assert table["mean"].iloc[0] == pytest.approx(result.shared.mean[0], abs=0.1)


def test_plain_h5py_opens_it(tmp_path):
    ep_result().write(tmp_path)
    with h5py.File(tmp_path / "posterior.h5") as file:
        assert file["posterior/gaussian.centre"].shape == (1, 2000, 3)
        assert file["posterior/gaussian.centre"].dims[2].label == "" and file["posterior/dataset"].asstr()[1] == "d01"
        assert file["evidence/log_evidence"][()] == -120.5
        assert file["evidence/dataset_log_evidence"][1] == -41.0
        assert file["sample_stats/lp"].shape == (1, 2000)


def test_joint_draws_stay_joint(tmp_path):
    rng = np.random.default_rng(3)
    values, log_weights = rng.normal(size=(500, 1)), rng.normal(size=500)
    shared = Samples(names=("a",), values=values, log_weights=log_weights)
    same = Samples(names=("b",), values=2.0 * values, log_weights=log_weights)
    other = Samples(names=("b",), values=2.0 * values, log_weights=rng.normal(size=500))
    ep_result(shared=shared, locals={"same": same, "other": other}, mcse={}).write(tmp_path)
    with h5py.File(tmp_path / "posterior.h5") as file:
        a, b = file["posterior/a"][0], file["posterior/b"][0]
    np.testing.assert_array_equal(b[:, 0], 2.0 * a)
    assert abs(np.corrcoef(a, b[:, 1])[0, 1]) < 0.1


def test_equal_weight_draws_are_kept_as_they_are(tmp_path):
    values = np.random.default_rng(4).normal(size=(64, 1))
    samples = Samples(names=("a",), values=values)
    ep_result(shared=samples, locals={"d": samples}, mcse={}).write(tmp_path)
    with h5py.File(tmp_path / "posterior.h5") as file:
        np.testing.assert_array_equal(file["posterior/a"][0], values[:, 0])
        np.testing.assert_array_equal(file["posterior/local.a"][0, :, 0], values[:, 0])
        assert set(file["weighted_local_samples"]) == {"dataset", "record"}, "nothing is stored twice"
    assert PhaseResult.read(tmp_path) == ep_result(shared=samples, locals={"d": samples}, mcse={})


def test_names_that_netcdf_needs_itself_are_no_obstacle(tmp_path):
    values = np.random.default_rng(5).random((40, 4))
    samples = Samples(names=("draw", "dataset", "log_weight", "record"), values=values)
    result = ep_result(shared=samples, locals={"dataset": samples, "row": samples}, mcse={})
    result.write(tmp_path)
    assert PhaseResult.read(tmp_path) == result


def test_without_shared_and_without_locals(tmp_path):
    alone = ep_result(shared=None, inference="independent", mcse={})
    alone.write(tmp_path / "a")
    assert PhaseResult.read(tmp_path / "a") == alone
    assert "d00.gaussian.centre" in alone.table()
    joint = ep_result(locals={})
    joint.write(tmp_path / "b")
    assert PhaseResult.read(tmp_path / "b") == joint
    with pytest.raises(ResultError, match="no result"):
        ep_result(shared=None, locals={})


def test_damage_and_mixing_are_sentences(tmp_path):
    ep_result().write(tmp_path)
    ep_result(seed=2).write(tmp_path / "other")
    (tmp_path / "other" / "summary.json").replace(tmp_path / "summary.json")
    with pytest.raises(ResultError, match="summary.json: it summarises another posterior"):
        PhaseResult.read(tmp_path)
    path = tmp_path / "other" / "posterior.h5"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ResultError, match="posterior.h5"):
        PhaseResult.read(tmp_path / "other")
    with pytest.raises(ResultError, match="no such result"):
        PhaseResult.read(tmp_path / "nowhere")


def test_a_parameter_is_found_by_its_full_name():
    result = ep_result()
    samples, name = result.samples_of("d01.gaussian.sigma")
    assert samples == result.locals["d01"] and name == "gaussian.sigma"
    assert result.samples_of("population.mean")[0] == result.shared
    with pytest.raises(ResultError, match="did you mean d01.gaussian.sigma"):
        result.samples_of("d01.gaussian.sigm")


def test_a_dataset_is_called_by_its_label_where_it_has_one():
    local = {name: Samples(names=("x",), values=np.zeros((3, 1))) for name in "ab"}
    result = PhaseResult("study", "main", "independent", locals=local, covariates={"a": {"label": "NGC 253"}, "b": {}})
    assert [result.label(name) for name in result.datasets] == ["NGC 253", "b"]
