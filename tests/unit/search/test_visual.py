from cavity.search import DynestyStatic
from cavity.search.visual import VisualPaths, visual_paths


def test_folders_are_made_when_asked_for(tmp_path):
    paths = VisualPaths(tmp_path / "fit")
    assert not (tmp_path / "fit").exists()
    assert paths.image_path.is_dir()
    assert paths.child("d07").image_path == tmp_path / "fit" / "d07" / "images"
    assert paths.output_path == tmp_path / "fit"


def test_name_and_prefix_choose_the_folder():
    assert visual_paths(DynestyStatic(path_prefix="features", name="simple")).folder.parts[-2:] == (
        "features",
        "simple",
    )
    assert visual_paths(DynestyStatic()).folder.name == "DynestyStatic"
