"""The one place that maps (study, phase, rounds of the phases before, round, shard) to files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudyPaths:
    """Where a study's results land.

    Parameters
    ----------
    root
        The results folder, usually ``results``.
    study
        The study's name.
    """

    root: Path
    study: str

    @property
    def folder(self):
        """results/<study>"""
        return Path(self.root) / self.study

    @property
    def cache(self):
        """Finished searches by content hash, and checkpoints: outside every rule's declared outputs."""
        return self.folder / ".cache"

    def standing(self, name):
        """Where a fit in one process notes how far a phase or a grid is."""
        return self.cache / "standing" / f"{name}.json"

    @property
    def database(self):
        """results/<study>/results.sqlite"""
        return self.folder / "results.sqlite"

    def phase(self, phase):
        """The fixed folder of a phase's published results."""
        return self.folder / phase

    def run(self, phase, after=()):
        """The folder of a phase's rounds; ``after`` has the last round of each phase it sees, in their order."""
        folder = self.phase(phase)
        return folder if not after else folder / f"after-{'-'.join(str(int(number)) for number in after)}"

    def round(self, phase, number, after=()):
        """The folder of one round."""
        return self.run(phase, after) / f"round-{int(number):03d}"

    def sites(self, phase, number, shard, after=()):
        """The site functions of one shard in one round."""
        return self.round(phase, number, after) / "sites" / f"{shard}.h5"

    def state(self, phase, number, after=()):
        """The aggregate of one round."""
        return self.round(phase, number, after) / "global.h5"

    def decision(self, phase, number, after=()):
        """What to do after one round."""
        return self.round(phase, number, after) / "decision.json"


@dataclass(frozen=True)
class FitPaths:
    """Where one fit may put what it draws; given to ``Analysis.visualize``.

    Parameters
    ----------
    output_path
        The fit's own folder.
    """

    output_path: str

    @property
    def image_path(self):
        """The folder for images, made when first asked for."""
        folder = Path(self.output_path) / "image"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def child(self, name):
        """The same for one dataset of a graph."""
        return FitPaths(str(Path(self.output_path) / str(name)))
