"""Which study a workflow's configuration means."""

import pytest

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
