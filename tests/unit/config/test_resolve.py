"""Which study a workflow's configuration means."""

import pytest
import yaml

from cavity.config.read import read_yaml
from cavity.config.resolve import resolve_study
from cavity.errors import ConfigError


@pytest.fixture
def root(tmp_path):
    for name in ("profiles_1d", "lensing"):
        (tmp_path / "config" / name).mkdir(parents=True)
        (tmp_path / "config" / name / "config.yaml").write_text("seed: 1\ndatasets: datasets.tsv\n")
    return tmp_path


def test_a_name_is_a_folder_under_config(root):
    assert resolve_study({"study": "lensing"}, root) == (root / "config" / "lensing" / "config.yaml", {})


def test_a_path_is_a_config_or_its_folder(root):
    folder = root / "config" / "lensing"
    for path in (folder, folder / "config.yaml"):
        assert resolve_study({"study": str(path)}, root / "elsewhere")[0] == folder / "config.yaml"


def test_a_configuration_with_datasets_is_a_study_itself(root):
    path = root / "config" / "lensing" / "config.yaml"
    merged = {"study": "profiles_1d", "datasets": "datasets.tsv", "seed": 1}
    assert resolve_study(merged, root, [path]) == (path, {})


def test_a_file_is_the_study_of_its_folder_whatever_keys_it_has(root):
    path = root / "config" / "lensing" / "config.yaml"
    for content in ("", "seed: 1\n", "study: model.py\n"):
        path.write_text(content)
        (path.parent / "model.py").touch()
        merged = {"study": "profiles_1d", **read_yaml(path)}
        assert resolve_study(merged, root, [path]) == (path, {})
        assert resolve_study({**merged, "seed": 7}, root, [path]) == (path, {"seed": 7})
        other = {**merged, "datasets": "few.tsv"}
        assert resolve_study(other, root, [path]) == (path, {"datasets": "few.tsv"})


def test_later_files_of_the_same_folder_override_the_first(root):
    path = root / "config" / "lensing" / "config.yaml"
    other = path.with_name("other.yaml")
    other.write_text("seed: 2\nstudy: model.py\n")
    (path.parent / "model.py").touch()
    merged = {"study": "model.py", "datasets": "datasets.tsv", "seed": 2}
    assert resolve_study(merged, root, [path, other]) == (path, {"study": "model.py", "seed": 2})


def test_files_that_are_not_one_study_are_refused(root):
    one, two = (root / "config" / name / "config.yaml" for name in ("lensing", "profiles_1d"))
    with pytest.raises(ConfigError, match="lensing/config.yaml and .*profiles_1d/config.yaml lie in two folders"):
        resolve_study({"datasets": "datasets.tsv", "seed": 1}, root, [one, two])
    with pytest.raises(ConfigError, match="lensing/config.yaml is a study, --config study=profiles_1d another"):
        resolve_study({"study": "profiles_1d", "datasets": "datasets.tsv"}, root, [one], chosen="profiles_1d")
    one.write_text("study: profiles_1d\n")
    with pytest.raises(ConfigError, match="there is no file .*lensing/profiles_1d; .* --config study=NAME"):
        resolve_study({"study": "profiles_1d"}, root, [one])
    with pytest.raises(ConfigError, match="sead: no such key; did you mean seed?"):
        resolve_study({"datasets": "datasets.tsv", "sead": 1}, root, [two])


def test_keys_beside_the_study_override_the_file(root):
    assert resolve_study({"study": "lensing", "seed": 7}, root)[1] == {"seed": 7}
    path = root / "config" / "lensing" / "config.yaml"
    assert resolve_study({"datasets": "datasets.tsv", "seed": 7}, root, [path])[1] == {"seed": 7}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"study": "lesning"}, "study lesning: no such study; did you mean lensing?"),
        ({"study": "lensing", "sead": 1}, "sead: no such key; did you mean seed?"),
        ({}, "study: name a folder"),
        ({"datasets": "datasets.tsv"}, "--configfile"),
    ],
)
def test_what_is_no_study(root, config, sentence):
    with pytest.raises(ConfigError, match=sentence):
        resolve_study(config, root)


@pytest.mark.parametrize(("name", "value"), [("2024_01", 202401), ("123", 123), ("1e3", 1000.0), ("True", True)])
def test_a_folder_that_snakemake_takes_for_a_value_is_found(root, monkeypatch, name, value):
    monkeypatch.chdir(root)
    with pytest.raises(ConfigError, match=f"Snakemake read {value} where .* --config study=./NAME$"):
        resolve_study({"study": value}, root)
    for place in (root / "config" / name, root / name):
        place.mkdir()
        (place / "config.yaml").touch()
        found, _ = resolve_study({"study": value}, root)
        assert found.resolve() == place / "config.yaml"
        (place / "config.yaml").unlink()


def test_two_folders_that_snakemake_takes_for_one_number_are_listed(root):
    for name in ("2024_01", "202401"):
        (root / "config" / name).mkdir()
        (root / "config" / name / "config.yaml").touch()
    with pytest.raises(ConfigError, match=r"there are .*config/202401, .*config/2024_01\)"):
        resolve_study({"study": 202401}, root)


def test_a_number_of_the_file_is_no_override_though_snakemake_reads_it_otherwise(root):
    path = root / "config" / "lensing" / "config.yaml"
    path.write_text("seed: 010\nphases: [{name: main, search: {name: Laplace, df: 1e1}}]\n")
    merged = {"study": "profiles_1d", **yaml.safe_load(path.read_text())}
    assert merged["seed"] == 8 and merged["phases"][0]["search"]["df"] == "1e1"
    assert resolve_study(merged, root, [path]) == (path, {})
    assert resolve_study({**merged, "seed": 9}, root, [path]) == (path, {"seed": 9})
