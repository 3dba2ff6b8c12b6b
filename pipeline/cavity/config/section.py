"""What every level of a config.yaml has in common: strictness, and what names look like."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from cavity.plain_yaml import plain_number

PhaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Whole = Annotated[int, Strict()]  # a text of digits is none: 010 and 1_0 would become 10
Number = Annotated[float, Strict(), BeforeValidator(plain_number), Field(allow_inf_nan=False)]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Section(BaseModel):
    """A level of the file: unknown keys are errors, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
