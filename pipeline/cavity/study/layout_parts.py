"""Files of grid searches, sensitivity maps, comparisons and interpolations as the workflow names them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cavity.config.part_keys import (
    CellsConfig,
    ComparisonConfig,
    GridSearchConfig,
    InterpolationConfig,
    SensitivityConfig,
)
from cavity.errors import DatasetError, SearchError
from cavity.grid.cells import cell_keys, fits_of
from cavity.study.identity import settings_of
from cavity.study.layout import Layout, Run
from cavity.study.shards import cell_shards, datasets_of

KINDS = {
    "grid": GridSearchConfig,
    "sensitivity": SensitivityConfig,
    "compare": ComparisonConfig,
    "interpolate": InterpolationConfig,
}


@dataclass(frozen=True, eq=False)
class PartLayout:
    """Paths and inputs of the jobs of what is made of phases; a run is ``feature/after-0-0``."""

    layout: Layout

    @property
    def parts(self):
        """Name -> configuration."""
        return self.layout.study.config.derived

    def run_pattern(self, kind):
        """A regular expression for the runs of one kind of part; of none where there are none."""
        patterns = []
        for part in self.parts.values():
            if isinstance(part, KINDS[kind]):
                count = len(self.layout.study.config.earlier(part.name))
                patterns.append(re.escape(part.name) + ("/after-" + "-".join([r"\d+"] * count) if count else ""))
        return "|".join(patterns) or r"no-such-part"

    @cached_property
    def _shards(self):
        found = {}
        for part in self.parts.values():
            if isinstance(part, CellsConfig):
                found[part.name] = cell_shards(self._fits(part), part.parameters, part.cells_per_job)
        return found

    @property
    def shard_pattern(self):
        """A regular expression for the names of all shards of cells."""
        names = sorted({re.escape(name) for shards in self._shards.values() for name in shards})
        return "|".join(names) or r"no-such-shard"

    def shards(self, run):
        """Names of the shards of a part."""
        return tuple(self._shards[Run.parse(run).phase])

    def tasks(self, run, shard):
        """((fit, cell), ...) of a shard."""
        return self._shards[Run.parse(run).phase][shard]

    def _fits(self, part):
        """Names of the fits of a part: datasets, or ``all`` where its phase fits all of them together."""
        study = self.layout.study
        ids = tuple(dataset.id for dataset in study.datasets)
        try:
            return fits_of(part, study.config.phase(part.phase).inference, ids)
        except SearchError as error:
            raise DatasetError(f"{study.path}: {error}") from None

    # --- what jobs read -------------------------------------------------------------------------------------------

    def cells(self, run):
        """The files of all shards."""
        folder = self._folder(run)
        return [str(folder / "cells" / f"{shard}.h5") for shard in self._shards[Run.parse(run).phase]]

    def data(self, run, shard):
        """The data files of a shard."""
        study = self.layout.study
        files = [study.dataset(name).path for name in self.datasets(run, shard)]
        return [str(path) for path in dict.fromkeys(files) if path is not None]

    def settings(self, run, shard):
        """What of the configuration changes the cells of a shard: which cells, and how each is fitted."""
        config, part = self.layout.study.config, self.parts[Run.parse(run).phase]
        phase = settings_of(config, config.phase(part.phase))
        own = part.model_dump(mode="json", exclude={"dataset", "cells_per_job", "level", "parameters"})
        keys = cell_keys(part.parameters)
        return {"phase": phase, "part": own, "cells": [[fit, keys[cell]] for fit, cell in self.tasks(run, shard)]}

    def earlier(self, run):
        """The results that a run comes after."""
        return self.layout.earlier(run)

    def options(self, run):
        """What of the configuration changes what is made of the cells, or of the phases."""
        return self.parts[Run.parse(run).phase].model_dump(mode="json", exclude={"cells_per_job"})

    # --- the target ----------------------------------------------------------------------------------------------

    def published(self, name, last):
        """The files of a part, given phase -> last round of those before it."""
        folder = Path(self.layout.paths.folder) / self.layout.run_after(name, last)
        numbers = "cells.h5" if isinstance(self.parts[name], CellsConfig) else "summary.json"
        return [str(folder / numbers), str(folder / "plots")]

    def _folder(self, run):
        run = Run.parse(run)
        return self.layout.paths.run(run.phase, run.after)

    def datasets(self, run, shard):
        """Ids of the datasets that the cells of a shard are of."""
        return datasets_of(self.layout.study, self.tasks(run, shard))
