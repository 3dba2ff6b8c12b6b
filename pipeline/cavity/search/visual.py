"""Where a fit that runs draws its best model so far."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class VisualPaths:
    """What ``Analysis.visualize(paths, instance)`` gets.

    Parameters
    ----------
    folder
        The fit's folder.
    """

    folder: Path

    @property
    def output_path(self):
        """The fit's folder; made when asked for."""
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        return Path(self.folder)

    @property
    def image_path(self):
        """The folder for images; made when asked for."""
        folder = Path(self.folder) / "images"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def child(self, name):
        """The paths of one dataset of a graph."""
        return VisualPaths(Path(self.folder) / str(name))


def visual_paths(search, root="results"):
    """results/<path_prefix>/<unique_tag>/<name>; the search's class where it has no name."""
    parts = [search.path_prefix, search.unique_tag, search.name or type(search).__name__]
    return VisualPaths(Path(root).joinpath(*[str(part) for part in parts if part]))
