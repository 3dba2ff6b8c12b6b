"""The keys of a config.yaml with their defaults: one pydantic model a level."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cavity.config.part_keys import (
    ComparisonConfig,
    GridSearchConfig,
    InterpolationConfig,
    Number,
    PhaseName,
    Section,
    SensitivityConfig,
    Whole,
)
from cavity.inference import SEQUENTIAL

DATASET_ID = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"


class SearchConfig(BaseModel):
    """Which search, and that search's own settings beside its name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field("DynestyStatic", description="a search of cavity, for example DynestyStatic or Laplace")

    @property
    def settings(self):
        """{"name": ..., setting: value}: what ``cavity.search.search_from_dict`` reads."""
        return {"name": self.name, **(self.model_extra or {})}


class ExpectationPropagationConfig(Section):
    """How the rounds of expectation propagation end, and how they are cut into jobs."""

    tolerance: Number = Field(0.15, gt=0.0, description="largest Monte Carlo error, in posterior standard deviations")
    max_rounds: Whole = Field(12, ge=1, le=999, description="searches are repeated at most this often")
    datasets_per_job: Annotated[Whole, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="datasets that one job searches, one after the other"
    )


class PhaseConfig(Section):
    """One phase: a model for every dataset, and how to infer it."""

    name: PhaseName = Field(description="the name of the phase's folder in the results")
    factor: str = Field("factor", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the function of study.py")
    inference: Literal["independent", "sequential", "joint", "ep"] = Field(
        "ep", description="how the datasets inform each other"
    )
    search: SearchConfig = Field(default_factory=lambda: SearchConfig(name="DynestyStatic", nlive=50))
    ep: ExpectationPropagationConfig = Field(default_factory=ExpectationPropagationConfig)
    max_calls: Annotated[Whole, Field(ge=1000)] | Literal["auto"] | None = Field(
        "auto",
        description="likelihood calls of one dataset at most; auto: 50,000, in a joint phase any number",
    )
    on_error: Literal["raise", "reject"] = Field("raise", description="what a likelihood that fails does to the fit")
    after: tuple[PhaseName, ...] | None = Field(
        None, description="the phases and grid searches whose results this one sees; every earlier phase unless given"
    )


class StudyConfig(Section):
    """A whole config.yaml."""

    study: str = Field("study.py", description="the Python file that composes the model, relative to this file")
    datasets: str = Field("datasets.tsv", description="the table of datasets, relative to this file")
    inputs: tuple[str, ...] = Field(
        (), description="other files that study.py reads, relative to this file: what is fitted depends on them"
    )
    seed: Whole = Field(1, ge=0, description="the seed that every random stream of the study starts from")
    phases: tuple[PhaseConfig, ...] = Field(default_factory=lambda: (PhaseConfig(name="main"),), min_length=1)
    grid_searches: tuple[GridSearchConfig, ...] = ()
    sensitivity_maps: tuple[SensitivityConfig, ...] = ()
    comparisons: tuple[ComparisonConfig, ...] = ()
    interpolations: tuple[InterpolationConfig, ...] = ()

    @property
    def derived(self):
        """Everything that is made of phases, by name."""
        parts = (*self.grid_searches, *self.sensitivity_maps, *self.comparisons, *self.interpolations)
        return {part.name: part for part in parts}

    @model_validator(mode="after")
    def _names_are_unique(self):
        names = [phase.name for phase in self.phases]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two phases have the name {name}; give each its own")
        for key in ("grid_searches", "sensitivity_maps", "comparisons", "interpolations"):
            for position, part in enumerate(getattr(self, key)):
                if part.name in names:
                    raise ValueError(f"{key}[{position}].name: there is a {part.name} already; give each its own name")
                names.append(part.name)
        return self

    @model_validator(mode="after")
    def _phases_form_a_chain(self):
        names = [phase.name for phase in self.phases]
        grids = {grid.name: grid for grid in self.grid_searches}
        listed = ", ".join((*names, *grids))
        for position, phase in enumerate(self.phases):
            for earlier in phase.after or ():
                where = f"phases[{position}].after"
                if earlier == phase.name:
                    raise ValueError(f"{where}: {earlier} names itself; name earlier phases only")
                if earlier not in (*names, *grids):
                    raise ValueError(f"{where}: there is no phase or grid search {earlier}; there are {listed}")
                fitted = grids[earlier].phase if earlier in grids else earlier
                if fitted in names and names.index(fitted) >= position:
                    raise ValueError(
                        f"{where}: {earlier} does not come before {phase.name}; "
                        "list phases in the order they run in (a cycle cannot run)"
                    )
        for key, phases_of in (
            ("grid_searches", lambda part: (part.phase,)),
            ("sensitivity_maps", lambda part: (part.phase,)),
            ("comparisons", lambda part: part.phases),
            ("interpolations", lambda part: (part.phase,)),
        ):
            for position, part in enumerate(getattr(self, key)):
                for name in phases_of(part):
                    if name not in names:
                        phases = "phases" if key == "comparisons" else "phase"
                        listed = ", ".join(names)
                        raise ValueError(f"{key}[{position}].{phases}: there is no phase {name}; there are {listed}")
        return self

    def phase(self, name):
        """The phase of that name; KeyError lists what there is."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise KeyError(f"no phase {name}; there are {', '.join(phase.name for phase in self.phases)}")

    def earlier(self, name):
        """Names of every phase that ``name`` depends on, in the order of the file.

        ``name`` is a phase, or something made of phases: a grid search depends on what its phase depends on, and on a
        sequential phase itself, whose fits its cells see; the others on their phases too.
        """
        needed = self._needed(name)
        return tuple(phase.name for phase in self.phases if phase.name in needed)

    def earlier_grids(self, name):
        """Names of every grid search that ``name`` depends on, in the order of the file."""
        needed = self._needed(name)
        return tuple(grid.name for grid in self.grid_searches if grid.name in needed)

    def _needed(self, name):
        """Names of all phases and grid searches that ``name`` depends on, directly or not."""
        needed, open_names = set(), list(self._direct(name))
        while open_names:
            found = open_names.pop()
            if found not in needed:
                needed.add(found)
                open_names.extend(self._direct(found))
        return needed

    def _direct(self, name):
        part = self.derived.get(name)
        if isinstance(part, GridSearchConfig):
            sequential = self.phase(part.phase).inference == SEQUENTIAL
            return (part.phase,) if sequential else self._direct(part.phase)
        if isinstance(part, ComparisonConfig):
            return part.phases
        if part is not None:
            return (part.phase,)
        phase = self.phase(name)
        names = [other.name for other in self.phases]
        return names[: names.index(name)] if phase.after is None else phase.after
