"""The aggregator: queries, generators, tables; and that a stale result never comes back."""

import shutil
import types

import numpy as np
import pytest
from tests.unit.database.results import Exponential, Gaussian, phase_result, write_fit

from cavity.database import Aggregator
from cavity.errors import ResultError
from cavity.posterior.phase import PhaseResult


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Three fits and a phase that no test changes."""
    folder = tmp_path_factory.mktemp("results")
    write_fit(folder, "a", sigma=2.0, time=0.5, log_evidence=-10.0)
    write_fit(folder, "b", sigma=4.0, time=1.5, log_evidence=-20.0, profile=Exponential)
    write_fit(folder, "c", sigma=6.0, time=2.5, log_evidence=-30.0, nlive=100)
    phase_result().write(folder / "study" / "main")
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(kept, tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture(scope="module", params=["directory", "database"])
def aggregator(request, kept):
    found = Aggregator.from_directory(kept)
    return found if request.param == "directory" else Aggregator.from_database(found.write())


def names(aggregator):
    """The fit's name, or phase and dataset."""
    parts = [aggregator.values(key) for key in ("name", "phase", "dataset")]
    return [name or phase + dataset for name, phase, dataset in zip(*parts, strict=True)]


def test_everything_is_found_once(folder):
    phase_result().write(folder / "study" / "main" / "round-000")
    phase_result().write(folder / "study" / ".cache" / "x")
    aggregator = Aggregator.from_directory(folder)
    assert names(aggregator) == ["a", "b", "c", "main", "maind0", "maind1", "maind2"]
    assert len(aggregator) == 7


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda agg: agg.gaussian.sigma > 3, ["b", "c", "maind2"]),
        (lambda agg: (agg.gaussian.sigma > 3) & (agg.gaussian.sigma < 4.5), ["b"]),
        (lambda agg: (agg.gaussian.sigma > 5.5) | (agg.gaussian.sigma < 1.5), ["c", "maind0"]),
        (lambda agg: agg.gaussian == Exponential, ["b", "maind0"]),
        (lambda agg: (agg.gaussian == Gaussian) & (agg.phase == "main"), ["maind1", "maind2"]),
        (lambda agg: agg.twice.centre == 50.0, ["a", "b", "c", "maind0", "maind1", "maind2"]),
        (lambda agg: agg.twice.sigma > 11.0, ["c"]),
        (lambda agg: agg.dataset.time >= 1.5, ["b", "c", "maind2"]),
        (lambda agg: agg.time >= 1.5, ["b", "c", "maind2"]),
        (lambda agg: agg.dataset.band == "red", ["a"]),
        (lambda agg: agg.dataset == "d1", ["maind1"]),
        (lambda agg: agg.log_evidence > -25, ["a", "b"]),
        (lambda agg: agg.log_evidence < -32, ["main"]),
        (lambda agg: agg.search.nlive == 100, ["c"]),
        (lambda agg: agg.search == "Laplace", ["main", "maind0", "maind1", "maind2"]),
        (lambda agg: agg.search.n_draws > 400, ["main", "maind0", "maind1", "maind2"]),
        (lambda agg: agg.population.mean > 2.0, ["main"]),
        (lambda agg: agg.kind != "fit", ["main", "maind0", "maind1", "maind2"]),
        (lambda agg: ~(agg.gaussian.sigma > 1.5), ["main", "maind0"]),
        (lambda agg: agg.gaussian.sigma, ["a", "b", "c", "maind0", "maind1", "maind2"]),
        (lambda agg: agg.gaussian.sigma == None, ["main"]),  # noqa: E711
        (lambda agg: agg.identity == "abc", ["main", "maind0", "maind1", "maind2"]),
    ],
)
def test_queries(aggregator, condition, expected):
    assert names(aggregator.query(condition(aggregator))) == expected


def test_queries_of_queries_narrow_down(aggregator):
    some = aggregator.query(aggregator.kind == "fit")
    assert names(some.query(some.gaussian.sigma > 3)) == ["b", "c"]
    assert len(aggregator) == 7


def test_samples_come_one_by_one_with_their_model(aggregator):
    found = aggregator.query(aggregator.gaussian.sigma > 3).values("samples")
    assert isinstance(found, types.GeneratorType)
    first = next(found)
    assert first.names[2] == "gaussian.sigma"
    assert isinstance(first.max_log_likelihood_instance.gaussian, Exponential)
    assert [s.median_pdf_instance.twice.sigma for s in found] == pytest.approx([12.0, 10.0], abs=0.1)
    instances = list(aggregator.query(aggregator.gaussian == Gaussian).values("instance"))
    assert all(type(instance.gaussian) is Gaussian for instance in instances) and len(instances) == 4


def test_other_contents(aggregator):
    fits = aggregator.query(aggregator.kind == "fit")
    assert list(fits.values("log_evidence")) == [-10.0, -20.0, -30.0]
    assert [search["nlive"] for search in fits.values("search")] == [50, 50, 100]
    assert [covariates["time"] for covariates in fits.values("covariates")] == [0.5, 1.5, 2.5]
    assert next(fits.values("model")).prior_count == 3
    assert "gaussian.sigma" in next(fits.values("summary"))
    phase = aggregator.query(aggregator.kind == "phase")
    assert next(phase.values("samples")) == phase_result().shared


def test_the_table_has_a_row_a_fit(aggregator):
    table = aggregator.table
    assert len(table) == 7
    row = table[table["dataset"] == "b"].iloc[0]
    assert row["gaussian.sigma"] == pytest.approx(4.0, abs=0.01)
    assert row["gaussian.sigma sd"] == pytest.approx(0.01, rel=0.2)
    assert row["dataset.time"] == 1.5 and row["log_evidence"] == -20.0
    assert np.isnan(table[table["kind"] == "phase"]["gaussian.sigma"].iloc[0])


def test_unknown_names_are_sentences_with_the_nearest(aggregator, tmp_path):
    with pytest.raises(ResultError, match="no fit has an attribute gaussian.sigm; did you mean gaussian.sigma"):
        aggregator.query(aggregator.gaussian.sigm > 3)
    with pytest.raises(ResultError, match="no fit has a component gausian; did you mean gaussian"):
        aggregator.query(aggregator.gausian == Gaussian)
    with pytest.raises(ResultError, match="did you mean log_evidence"):
        aggregator.query(aggregator.log_evidense > 3)
    with pytest.raises(ResultError, match="fits have no sample; did you mean samples"):
        aggregator.values("sample")
    with pytest.raises(ResultError, match="no such folder"):
        Aggregator.from_directory(tmp_path / "nowhere")
    assert "gaussian.sigma" in aggregator.attributes() and "dataset.time" in aggregator.attributes()


# --- nothing stale ------------------------------------------------------------------------------------------------


def test_a_result_written_again_is_read_again(folder):
    path = Aggregator.from_directory(folder).write()
    write_fit(folder, "a", sigma=9.0)
    aggregator = Aggregator.from_database(path)
    assert names(aggregator.query(aggregator.gaussian.sigma > 8)) == ["a"]
    phase_result(sigmas=(8.0,), hash_="new").write(folder / "study" / "main")
    aggregator = Aggregator.from_database(path)
    assert names(aggregator.query(aggregator.identity == "new")) == ["main", "maind0"]
    assert len(aggregator.query(aggregator.identity == "new")) == 2 and len(aggregator) == 5
    (folder / "b" / "result.h5").unlink()
    assert "b" not in names(Aggregator.from_database(path))


def test_a_result_that_changes_under_an_open_aggregator_is_refused(folder):
    aggregator = Aggregator.from_directory(folder)
    write_fit(folder, "a", sigma=9.0)
    with pytest.raises(ResultError, match="changed since it was indexed"):
        next(aggregator.query(aggregator.name == "a").values("samples"))


def test_a_damaged_result_is_left_out(folder, caplog):
    path = folder / "study" / "main" / "posterior.h5"
    path.write_bytes(path.read_bytes()[:2000])
    assert names(Aggregator.from_directory(folder)) == ["a", "b", "c"]
    assert "posterior.h5" in caplog.text


def test_current_fits_are_those_of_the_studys_present_identity(folder):
    class Study:
        name = "study"
        config = types.SimpleNamespace(phases=[types.SimpleNamespace(name="main")])
        present = "abc"

        def identity(self, phase):
            return self.present

    study = Study()
    aggregator = Aggregator.from_directory(folder)
    assert len(aggregator.current(study)) == 4
    study.present = "another seed"
    assert len(aggregator.current(study)) == 0


def test_classes_of_a_notebook_can_be_given(tmp_path):
    class Local(Gaussian):
        pass

    write_fit(tmp_path, "a", sigma=2.0, profile=Local)
    with pytest.raises(ResultError, match="classes="):
        next(Aggregator.from_directory(tmp_path).values("instance"))
    instance = next(Aggregator.from_directory(tmp_path, classes=[Local]).values("instance"))
    assert type(instance.gaussian) is Local


def test_locals_without_a_stored_model_have_vectors(tmp_path):
    phase_result(models={}).write(tmp_path / "study" / "main")
    aggregator = Aggregator.from_directory(tmp_path)
    samples = next(aggregator.query(aggregator.dataset == "d1").values("samples"))
    assert samples.median_pdf_vector.shape == (3,)
    assert PhaseResult.read(tmp_path / "study" / "main").locals["d1"] == samples
