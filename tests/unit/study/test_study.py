"""Loading a study and composing its models."""

from types import SimpleNamespace

import pytest

import cavity as cv
from cavity.errors import ConfigError, DatasetError, ModelError, StudyError
from cavity.study import Study


def test_a_study_has_its_folders_name_and_lazy_parts(folder):
    study = Study.load(folder / "config.yaml", results="somewhere")
    assert study.name == "points" and [dataset.id for dataset in study.datasets] == ["a", "b"]
    assert str(study.paths.folder) == "somewhere/points"
    assert study.results == {}


def test_shared_names_and_factors_come_from_study_py(folder):
    study = Study.load(folder)
    assert list(study.shared_names.priors.values()) == ["population.mean", "population.sigma"]
    factor = study.factor("main", "b")
    assert factor.analysis.y.tolist() == [2.0, 3.0]
    assert factor.prior_model.prior_count == 1


def test_a_factor_that_takes_two_arguments_gets_the_earlier_results(folder):
    with (folder / "study.py").open("a") as file:
        file.write("\n\nseen = []\n\n\ndef factor(dataset, previous, plain=factor):\n")
        file.write("    seen.append(previous)\n    return plain(dataset)\n")
    phases = [{"name": "light"}, {"name": "main"}]
    study = Study.load(folder, overrides={"phases": phases})
    study.factor("main", "a", {"light": SimpleNamespace(of_dataset=lambda dataset: f"of {dataset}")})
    (previous,) = study.namespace["seen"]
    assert list(previous) == ["light"] and previous["light"].result == "of a" and previous["light"].dataset == "a"
    with pytest.raises(StudyError, match="phase main comes after light, which has no result yet"):
        study.factor("main", "a")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    return cv", "    cv", "factor returned nothing for dataset a; return a cavity.AnalysisFactor"),
        ("    return cv.AnalysisFactor(", "    return dict(", "factor returned a dict for dataset a"),
        ("def factor", "def factr", r"needs a function factor\(dataset\); did you mean factr?"),
        ("    point = cv", "    raise KeyError('size')\n    point = cv", "line 17: factor for dataset a: KeyError"),
    ],
)
def test_a_bad_factor_is_one_sentence(folder, old, new, sentence):
    path = folder / "study.py"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(StudyError, match=sentence):
        Study.load(folder).factor("main", "a")


def test_an_unknown_dataset(folder):
    (folder / "datasets.tsv").write_text("dataset\tpath\nalpha\ta.csv\n")
    with pytest.raises(DatasetError, match="no dataset alfa; did you mean alpha?"):
        Study.load(folder).dataset("alfa")


def test_a_search_that_is_wrong_is_named_with_its_place(folder):
    (folder / "config.yaml").write_text("phases: [{name: main, search: {name: DynestyStatic, nliv: 50}}]\n")
    with pytest.raises(ConfigError, match=r"config.yaml: phases\[0\].search.*nliv: .*did you mean nlive?"):
        Study.load(folder)
    (folder / "config.yaml").write_text("phases: [{name: main, search: {name: Dynesty}}]\n")
    with pytest.raises(ConfigError, match=r"phases\[0\].search.*did you mean DynestyStatic"):
        Study.load(folder)


SHAPE_WITHOUT_PRIORS = """
import cavity as cv
from shapes import Point

shared = cv.Model(Point)


def factor(dataset):
    point = cv.Model(Point)
    return cv.AnalysisFactor(prior_model=cv.Collection(point=point, shared=shared), analysis=cv.ex.Analysis([1], [1]))
"""


def test_models_get_the_default_priors_of_the_studys_own_file(folder):
    (folder / "study.py").write_text(SHAPE_WITHOUT_PRIORS)
    with pytest.raises(ModelError, match="x has neither prior"):
        Study.load(folder).factor("main", "a").prior_model.compile()
    (folder / "priors.yaml").write_text("Point:\n  x: {type: Uniform, lower_limit: -1.0, upper_limit: 3.0, unit: cm}\n")
    study = Study.load(folder)
    model = study.factor("main", "a").prior_model
    assert [prior.upper_limit for prior in model.priors] == [3.0, 3.0] and tuple(model.units) == ("cm", "cm")
    assert list(study.shared_names.priors.values()) == ["shared.x"]
    with pytest.raises(ModelError, match="x has neither prior"):
        cv.Model(study.namespace["Point"]).compile()  # the file holds for its study alone


def test_other_default_priors_are_another_study(folder):
    identities = [Study.load(folder).identity("main")]
    for upper in (1.0, 2.0):
        (folder / "priors.yaml").write_text(f"Point:\n  x: {{type: Uniform, lower_limit: 0.0, upper_limit: {upper}}}\n")
        identities.append(Study.load(folder).identity("main"))
    assert len(set(identities)) == 3


def test_a_wrong_default_prior_is_named_with_its_file(folder):
    (folder / "priors.yaml").write_text("Point:\n  x: {type: Uniform, lower_limit: 2.0, upper_limit: 1.0}\n")
    with pytest.raises(ConfigError, match=r"priors.yaml: Point.x: .*lower_limit"):
        Study.load(folder).factor("main", "a")


def test_a_file_that_the_study_reads_is_part_of_what_it_is(folder, tmp_path):
    (folder / "psf.txt").write_text("1.0\n")
    config = folder / "config.yaml"
    config.write_text(config.read_text() + "inputs: [psf.txt]\n")

    def searches():
        study = Study.load(folder, results=tmp_path / "results")
        study.fit()
        return study.identity("main"), len(list(study.paths.cache.glob("*.h5")))

    first = searches()
    assert searches() == first
    (folder / "psf.txt").write_text("2.0\n")
    identity, kept = searches()
    assert identity != first[0] and kept == 2 * first[1]


def test_an_input_that_is_not_there_is_one_sentence(folder):
    config = folder / "config.yaml"
    config.write_text(config.read_text() + "inputs: [spf.txt]\n")
    with pytest.raises(ConfigError, match=r"config.yaml: inputs\[0\]: there is no file .*spf.txt"):
        Study.load(folder)
