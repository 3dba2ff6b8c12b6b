"""What every level of a config.yaml has in common: strictness, and what names look like."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

PhaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _no_truth_value(value):
    """YAML's true is no 1."""
    if isinstance(value, bool):
        raise ValueError(f"must be a number, got {str(value).lower()}")
    return value


NoTruthValue = BeforeValidator(_no_truth_value)
Whole = Annotated[int, NoTruthValue]
Number = Annotated[float, NoTruthValue, Field(allow_inf_nan=False)]


class Section(BaseModel):
    """A level of the file: unknown keys are errors, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
