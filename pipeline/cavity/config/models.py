"""The keys of a config.yaml with their defaults: one pydantic model a level."""
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

DATASET_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PhaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


class _Section(BaseModel):
    """A level of the file: unknown keys are errors, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchConfig(BaseModel):
    """Which search, and that search's own settings beside its name."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field("DynestyStatic", description="a search of cavity, for example DynestyStatic or Laplace")

    @property
    def settings(self):
        """{"name": ..., setting: value}: what ``cavity.search.search_from_dict`` reads."""
        return {"name": self.name, **(self.model_extra or {})}


class ExpectationPropagationConfig(_Section):
    """How the rounds of expectation propagation end, and how they are cut into jobs."""

    tolerance: float = Field(0.15, gt=0.0, description="largest Monte Carlo error, in posterior standard deviations")
    max_rounds: int = Field(12, ge=1, le=999, description="searches are repeated at most this often")
    datasets_per_job: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="datasets that one job searches, one after the other"
    )


class PhaseConfig(_Section):
    """One phase: a model for every dataset, and how to infer it."""

    name: PhaseName = Field(description="the name of the phase's folder in the results")
    factor: str = Field("factor", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the function of study.py")
    inference: Literal["independent", "joint", "ep"] = Field("ep", description="how the datasets inform each other")
    search: SearchConfig = Field(default_factory=lambda: SearchConfig(name="DynestyStatic", nlive=50))
    ep: ExpectationPropagationConfig = Field(default_factory=ExpectationPropagationConfig)
    on_error: Literal["raise", "reject"] = Field("raise", description="what a likelihood that fails does to the fit")
    after: tuple[PhaseName, ...] | None = Field(
        None, description="the phases whose results this one sees; every earlier one unless given"
    )


class GridSearchConfig(_Section):
    """A grid of searches over boxes of some parameters of a phase."""

    name: PhaseName
    phase: PhaseName
    parameters: dict[str, Annotated[int, Field(ge=1)] | list[float]] = Field(
        min_length=1, description="parameter -> number of steps, or the edges of the cells"
    )
    dataset: str = Field("all", description="one dataset's id, or all")


class StudyConfig(_Section):
    """A whole config.yaml."""

    study: str = Field("study.py", description="the Python file that composes the model, relative to this file")
    datasets: str = Field("datasets.tsv", description="the table of datasets, relative to this file")
    seed: int = Field(1, ge=0, description="the seed that every random stream of the study starts from")
    phases: tuple[PhaseConfig, ...] = Field(default_factory=lambda: (PhaseConfig(name="main"),), min_length=1)
    grid_searches: tuple[GridSearchConfig, ...] = ()

    @model_validator(mode="after")
    def _phases_form_a_chain(self):
        names = [phase.name for phase in self.phases]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two phases have the name {name}; give each its own")
        listed = ", ".join(names)
        for position, phase in enumerate(self.phases):
            for earlier in phase.after or ():
                if earlier == phase.name:
                    raise ValueError(f"phases[{position}].after: {earlier} names itself; name earlier phases only")
                if earlier not in names:
                    raise ValueError(f"phases[{position}].after: there is no phase {earlier}; there are {listed}")
                if earlier not in names[:position]:
                    raise ValueError(
                        f"phases[{position}].after: {earlier} does not come before {phase.name}; "
                        "list phases in the order they run in (a cycle cannot run)"
                    )
        for position, grid in enumerate(self.grid_searches):
            if grid.phase not in names:
                raise ValueError(f"grid_searches[{position}].phase: there is no phase {grid.phase}; there are {listed}")
        return self

    def phase(self, name):
        """The phase of that name; KeyError lists what there is."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise KeyError(f"no phase {name}; there are {', '.join(phase.name for phase in self.phases)}")

    def earlier(self, name):
        """Names of every phase that ``name`` depends on, in the order of the file."""
        names = [phase.name for phase in self.phases]
        needed = set()
        for phase in reversed(self.phases[: names.index(name) + 1]):
            if phase.name == name or phase.name in needed:
                direct = names[: names.index(phase.name)] if phase.after is None else phase.after
                needed.update(direct)
        return tuple(other for other in names if other in needed)
