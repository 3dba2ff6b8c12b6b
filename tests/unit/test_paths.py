"""Where files land."""

from pathlib import Path

from cavity.paths import FitPaths, StudyPaths


def test_rounds_of_a_first_and_of_a_later_phase():
    paths = StudyPaths(Path("results"), "lenses")
    assert paths.sites("light", 3, "of8-01") == Path("results/lenses/light/round-003/sites/of8-01.h5")
    assert paths.state("full", 0, after=(2,)) == Path("results/lenses/full/after-2/round-000/global.h5")


def test_the_cache_is_outside_every_phase():
    paths = StudyPaths(Path("results"), "lenses")
    assert paths.cache.parent == paths.folder and paths.cache.name.startswith(".")


def test_images_have_a_folder_of_their_own_for_each_dataset(tmp_path):
    paths = FitPaths(str(tmp_path)).child("d07")
    assert Path(paths.image_path).is_dir() and Path(paths.image_path) == tmp_path / "d07" / "image"
