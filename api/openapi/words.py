"""The small words that answers, bodies and parameters share, each with what it looks like."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config

Schema = dict[str, Any]

TIME: Schema = {"format": "date-time"}
DAY: Schema = {"format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
DURATION: Schema = {"pattern": r"^(\d{1,6}[smhdw]|P(\d{1,4}W)?(\d{1,5}D)?(T(\d{1,5}H)?(\d{1,6}M)?(\d{1,6}S)?)?)$"}
NAME: Schema = {"minLength": 1, "pattern": r"^[^\u0000/]+$"}
"""Of a journey or a stage, as it may stand in a path."""
HEADER: Schema = {"pattern": r"^[^\u0000-\u001f\u007f]*$"}
WITHOUT_NUL = r"^[^\u0000]*$"
TEXT: Schema = {"minLength": 1, "pattern": WITHOUT_NUL}
SAID: Schema = {"minLength": 1, "pattern": r"\S"}
"""What a person writes: not empty, not blank alone."""

Time = Annotated[str, Field(json_schema_extra=TIME, description="UTC; six decimals only if they are not zero.")]
Position = Annotated[int, Field(ge=0, description="Number of an entry in the log.")]
Number = Annotated[int, Field(ge=1, description="Number of a version of the rulebook.")]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Count = Annotated[int, Field(ge=0)]

Erased = Annotated[Literal[True], Field(description="She was erased; this is what her erasure keeps in the open.")]
Next = Annotated[str | None, Field(description="Cursor of the next page, null on the last.")]
Title = Annotated[dict[Literal["zh", "en"], str], Field(description="What people read, by language.")]

closed = with_config(ConfigDict(extra="forbid"))
"""Of an object that has the members named here and no others."""
