"""What the keys of every level are, and those of grid searches, sensitivity maps, comparisons and interpolations."""

import math
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

from cavity.plain_yaml import plain_number

PhaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Whole = Annotated[int, Strict()]  # a text of digits is none: 010 and 1_0 would become 10
Number = Annotated[float, Strict(), BeforeValidator(plain_number), Field(allow_inf_nan=False)]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Section(BaseModel):
    """A level of the file: unknown keys are errors, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _cut(value):
    """A number of steps, edges, or {values: [...]}: as given, or a ValueError that says what it may be."""
    numbers = value.get("values") if isinstance(value, dict) and set(value) == {"values"} else value
    if isinstance(numbers, int) and not isinstance(numbers, bool) and numbers is value and value >= 1:
        return value
    if isinstance(numbers, (list, tuple)) and all(_is_number(number) for number in numbers):
        increasing = all(low < up for low, up in zip(numbers, numbers[1:], strict=False))
        if len(numbers) >= 1 if numbers is not value else len(numbers) >= 2 and increasing:
            return value
    raise ValueError(
        "give a number of steps of at least 1, two or more edges in increasing order, or {values: [...]}, "
        f"got {value!r}"
    )


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


_NUMBERS = {"type": "array", "items": {"type": "number"}}
_VALUES = {"type": "object", "properties": {"values": {**_NUMBERS, "minItems": 1}}, "required": ["values"]}
Cut = Annotated[
    int | list | dict,
    PlainValidator(_cut),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {**_NUMBERS, "minItems": 2},
                {**_VALUES, "additionalProperties": False},
            ]
        }
    ),
]
CellsPerJob = Annotated[Whole, Field(ge=1)] | Literal["auto"]


class CellsConfig(Section):
    """A grid of cells over some parameters, each with fits of its own."""

    name: PhaseName = Field(description="the name of the folder in the results")
    phase: PhaseName = Field(description="the phase that is fitted in every cell")
    parameters: dict[str, Cut] = Field(
        min_length=1, description="parameter -> number of steps, the edges of the cells, or {values: [...]}"
    )
    dataset: str = Field("all", description="one dataset's id, or all")
    cells_per_job: CellsPerJob = Field("auto", description="cells that one job fits, one after the other")


class GridSearchConfig(CellsConfig):
    """A grid of searches over boxes of some parameters of a phase."""


class SensitivityConfig(CellsConfig):
    """A map of the perturbations that the data of a phase would reveal."""

    perturbation: FunctionName = Field("perturbation", description="the function of study.py that returns its Model")
    simulate: FunctionName = Field("simulate", description="the function of study.py that makes a dataset's arrays")
    level: Number = Field(5.0, description="difference of log evidence that counts as a detection")


class ComparisonConfig(Section):
    """Phases as models of the same data, by their evidence."""

    name: PhaseName = Field(description="the name of the folder in the results")
    phases: tuple[PhaseName, ...] = Field(min_length=2, description="the phases to compare")


class InterpolationConfig(Section):
    """A phase's parameters as functions of a covariate."""

    name: PhaseName = Field(description="the name of the folder in the results")
    phase: PhaseName = Field(description="the phase that fitted the datasets")
    covariate: str = Field(description="a column of the table of datasets, a number in every row")
    kind: Literal["linear", "spline"] = Field("linear", description="how to interpolate")
    at: list[Number] = Field([], description="values of the covariate to predict at; 50 over its range unless given")
