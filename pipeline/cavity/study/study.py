"""The study: configuration, datasets, and the module that composes the model of each of them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from cavity.config import read_config
from cavity.errors import ConfigError, DatasetError, SearchError, StudyError, did_you_mean
from cavity.paths import StudyPaths
from cavity.study.dataset import Dataset
from cavity.study.identity import Provenance, code_digest, dataset_digest, digest, settings_of, versions
from cavity.study.module import default_priors_beside, load_module, located, module_file, modules_beside, sources
from cavity.study.suspects import cells_named
from cavity.study.table import read_table


@dataclass(frozen=True, eq=False)
class Study:
    """A folder with a config.yaml, a table of datasets and a study.py.

    Attributes
    ----------
    path
        The config.yaml.
    config
        Its content, validated.
    datasets
        One :class:`Dataset` a row of the table.
    results_root
        The folder that ``<study>/<phase>`` results land in.
    known_data
        What :meth:`data_digest` said when the workflow began; empty outside of it.
    """

    path: Path
    config: object
    datasets: tuple[Dataset, ...]
    results_root: Path
    known_data: str = ""

    @classmethod
    def load(cls, path, results="results", overrides=None):
        """Read a study.

        Parameters
        ----------
        path
            A config.yaml, or its folder.
        results
            Where results land.
        overrides
            Top-level keys that replace those of the file, for example ``{"seed": 2}``.

        Raises
        ------
        ConfigError, DatasetError
            One sentence for the first thing that is wrong. The study.py is run when it is first needed.
        """
        path = Path(path)
        if path.is_dir():
            path = path / "config.yaml"
        config = read_config(path, overrides)
        check_searches(config, path)
        for position, name in enumerate(config.inputs):
            if not (path.parent / name).is_file():
                raise ConfigError(f"{path}: inputs[{position}]: there is no file {path.parent / name}")
        datasets = read_table(path.parent / config.datasets)
        return cls(path=path, config=config, datasets=datasets, results_root=Path(results))

    @property
    def name(self):
        """The name of the study's folder."""
        return self.path.resolve().parent.name

    @property
    def folder(self):
        """The folder of the config.yaml."""
        return self.path.parent

    @property
    def module_path(self):
        """The study.py."""
        return self.folder / self.config.study

    @cached_property
    def sources(self):
        """What the study's code is: study.py, the modules beside it, priors.yaml, and the files of the key inputs."""
        return (*sources(module_file(self.module_path)), *(self.folder / name for name in self.config.inputs))

    @cached_property
    def code_digest(self):
        """SHA-256 of the sources, this package and the versions that matter, as they were when first asked for."""
        return code_digest(self.sources, self.folder)

    @property
    def paths(self):
        """Where results land."""
        return StudyPaths(self.results_root, self.name)

    @cached_property
    def _by_id(self):
        return {dataset.id: dataset for dataset in self.datasets}

    def dataset(self, identifier):
        """The dataset of that id; DatasetError names the nearest one."""
        if identifier not in self._by_id:
            hint = did_you_mean(identifier, self._by_id)
            raise DatasetError(f"{self.folder / self.config.datasets}: no dataset {identifier}{hint}")
        return self._by_id[identifier]

    def before(self, identifier):
        """The id in the row above a dataset's in the table, or None for the first."""
        return self._row_above[identifier]

    @cached_property
    def _row_above(self):
        ids = [dataset.id for dataset in self.datasets]
        return dict(zip(ids, [None, *ids]))

    @cached_property
    def namespace(self):
        """The names that study.py defines, after it has run once in this process."""
        with default_priors_beside(self.module_path):
            return MappingProxyType(vars(load_module(self.module_path, f"cavity_study_{self.name}")))

    @cached_property
    def shared_names(self):
        """Names of the shared parameters and parents: see :func:`cavity.graph.name_shared`."""
        from cavity.graph import name_shared

        with located(self.module_path):
            return name_shared(self.namespace)

    def grouped(self, dataset):
        """A dataset whose columns that name groups are text, as they are written."""
        return dataset.with_texts(plate.column for plate in self.shared_names.plates)

    def factor(self, phase, dataset, previous=None):
        """The factor that study.py composes for a dataset.

        Parameters
        ----------
        phase
            A phase of the configuration, or its name.
        dataset
            An id.
        previous
            {name: result} of the earlier phases and grid searches; where the function takes a second argument, it gets
            them as :class:`cavity.study.earlier.PreviousPhases`.

        Raises
        ------
        StudyError
            If the function is missing, raises, or returns something else than an AnalysisFactor.
        """
        return self.compose(phase, self.dataset(dataset), previous)

    def compose(self, phase, dataset, previous=None):
        """The same for a dataset object, which may load other arrays than the table's."""
        from cavity.graph import AnalysisFactor

        phase = self.config.phase(phase) if isinstance(phase, str) else phase
        function = self.namespace.get(phase.factor)
        if not callable(function):
            functions = [name for name, value in self.namespace.items() if callable(value) and not name.startswith("_")]
            raise StudyError(
                f"{self.module_path}: phase {phase.name} needs a function {phase.factor}(dataset)"
                f"{did_you_mean(phase.factor, functions) or '; define it'}"
            )
        dataset = self.grouped(dataset)
        arguments = (dataset,) if _positional(function) < 2 else (dataset, self._seen(phase, dataset, previous))
        where = located(self.module_path, f"{phase.factor} for dataset {dataset.id}: ")
        named = cells_named(self, dataset.id)
        with named, default_priors_beside(self.module_path), modules_beside(self.module_path), where:
            found = function(*arguments)
        if not isinstance(found, AnalysisFactor):
            what = "nothing" if found is None else f"a {type(found).__name__}"
            raise StudyError(
                f"{self.module_path}: {phase.factor} returned {what} for dataset {dataset.id}; "
                "return a cavity.AnalysisFactor"
            )
        return found

    def stored_model(self, stored):
        """The model of a site of a sequential phase, with this process' own shared parameters."""
        from cavity.model import model_from_dict

        with modules_beside(self.module_path):
            model = model_from_dict(stored)
        own = dict(zip(model.parameter_names, model.priors, strict=True))
        names = self.shared_names
        return model.replacing({own[path]: names.parameter(name) for path, name in stored["shared"].items()})

    def _seen(self, phase, dataset, previous):
        """What earlier phases found, as the factor of one dataset sees it."""
        from cavity.study.earlier import PreviousPhases, previous_of

        if isinstance(previous, PreviousPhases):
            return previous
        return previous_of(self, phase.name, dataset.id, previous or {})

    def search(self, phase):
        """The search of a phase."""
        from cavity.search import search_from_dict

        phase = self.config.phase(phase) if isinstance(phase, str) else phase
        return search_from_dict(phase.search.settings)

    def data_digest(self, identifiers=None):
        """SHA-256 of the rows and files of some datasets as they are now; of all of them unless given."""
        chosen = self.datasets if identifiers is None else map(self.dataset, identifiers)
        return digest([dataset_digest(dataset) for dataset in chosen])

    def earlier_digest(self, phase):
        """SHA-256 of what the earlier phases and grid searches of a phase are made from; empty for a first phase."""
        names = self.config.earlier(phase.name)
        grids = [self.config.derived[name] for name in self.config.earlier_grids(phase.name)]
        cuts = [grid.model_dump(mode="json", exclude={"cells_per_job"}) for grid in grids]
        fitted = [settings_of(self.config, self.config.phase(grid.phase)) for grid in grids]
        return digest(*(self.identity(name) for name in names), cuts, fitted) if names or grids else ""

    def identity(self, phase):
        """SHA-256 of everything a phase's result depends on: data, sources, settings, seed, and the phases before."""
        phase = self.config.phase(phase) if isinstance(phase, str) else phase
        ending = {"tolerance": phase.ep.tolerance, "max_rounds": phase.ep.max_rounds} if phase.inference == "ep" else {}
        return digest(
            self.code_digest,
            settings_of(self.config, phase),
            ending,
            self.known_data or self.data_digest(),
            self.earlier_digest(phase),
        )

    def provenance(self, phase):
        """What summary.json and posterior.h5 record of a phase's origin, as a mapping."""
        phase = self.config.phase(phase) if isinstance(phase, str) else phase
        return Provenance(
            lambda: {
                "hash": self.identity(phase),
                "seed": self.config.seed,
                "settings": phase.model_dump(mode="json", exclude={"after"}),
                "versions": versions(),
            }
        )

    def fit(self, phases=None, progress=None):
        """Fit every phase in this process with the functions that the workflow's jobs call.

        Finished searches are kept in the results folder by content hash, and found again.

        Parameters
        ----------
        phases
            Names; all of them unless given.
        progress
            Called with one line of text after each round; without, the lines go to standard error, with how far the
            round is between them; False for silence.

        Returns
        -------
        dict
            Phase -> PhaseResult; also ``study.results``.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C: what is finished is kept, and the same call goes on from there.
        """
        from cavity.study.fit import fit_phases

        try:
            self.results.update(fit_phases(self, phases, progress))
        except KeyboardInterrupt:
            raise KeyboardInterrupt("what is finished is kept, and the same call goes on from there") from None
        return self.results

    @cached_property
    def results(self):
        """Phase -> PhaseResult: what this process fitted, and what is published in the results folder."""
        from cavity.posterior.phase import PhaseResult

        folders = {phase.name: self.paths.phase(phase.name) for phase in self.config.phases}
        published = {name: folder for name, folder in folders.items() if (folder / "summary.json").is_file()}
        return {name: PhaseResult.read(folder) for name, folder in published.items()}

    def with_results(self, root):
        """The same study with its results in another folder."""
        return replace(self, results_root=Path(root))


def check_searches(config, path):
    """ConfigError with the place in the file where a search's name or setting is wrong."""
    from cavity.search import search_from_dict

    for index, phase in enumerate(config.phases):
        try:
            search_from_dict(phase.search.settings)
        except SearchError as error:
            message = str(error).removeprefix(f"{phase.search.name}.")
            raise ConfigError(f"{path}: phases[{index}].search.{message}") from None


def _positional(function):
    """How many positional arguments a function takes."""
    import inspect

    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(argument.kind in kinds for argument in inspect.signature(function).parameters.values())
