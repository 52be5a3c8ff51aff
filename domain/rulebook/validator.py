"""The schema, enforced: a wrong value is held against the one branch it was meant for."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from domain.instants import duration
from domain.refusals import NotADuration
from domain.rulebook.schema import DURATION, DURATION_ABOVE_ZERO, SCHEMA, Schema


def resolved(branch: Schema) -> Schema:
    """The piece of the schema a branch refers to, or the branch itself."""
    piece: Schema = SCHEMA["$defs"][branch["$ref"].rpartition("/")[2]] if "$ref" in branch else branch
    return piece


def kinds(schema: Schema) -> list[str]:
    """The JSON types a piece of the schema takes."""
    taken: str | list[str] = schema["type"]
    return [taken] if isinstance(taken, str) else taken


def is_of_kind(value: Any, kind: str) -> bool:
    """Whether a plain value has a JSON type; ``true`` is no number."""
    return bool(Draft202012Validator.TYPE_CHECKER.is_type(value, kind))


def _one_of(validator: Any, branches: list[Schema], value: Any, schema: Schema) -> Iterator[ValidationError]:
    """`oneOf` whose branches differ in the kind of the value or in its first required key, as all of ours do.

    So there is one branch a value was meant for: its faults are the ones to tell, and no other need be tried.
    """
    if schema.get("type") == "object" and not isinstance(value, Mapping):
        return  # `type` tells it.
    meant = [branch for branch in branches if _meant_by(resolved(branch), value)]
    if len(meant) == 1:
        yield from validator.descend(value, meant[0])
    else:
        yield ValidationError("", validator="oneOf", validator_value=branches, instance=value, schema=schema)


def _meant_by(branch: Schema, value: Any) -> bool:
    if "oneOf" in branch:
        return any(_meant_by(resolved(inner), value) for inner in branch["oneOf"])
    if "type" in branch and not any(is_of_kind(value, kind) for kind in kinds(branch)):
        return False
    return "required" not in branch or (isinstance(value, Mapping) and branch["required"][0] in value)


def _is_duration(value: object) -> bool:
    return not isinstance(value, str) or duration(value) >= 0


def _is_duration_above_zero(value: object) -> bool:
    return not isinstance(value, str) or duration(value) > 0


FORMATS = FormatChecker(())
FORMATS.checks(DURATION, raises=NotADuration)(_is_duration)
FORMATS.checks(DURATION_ABOVE_ZERO, raises=NotADuration)(_is_duration_above_zero)

VALIDATOR: Any = extend(Draft202012Validator, {"oneOf": _one_of})(  # type: ignore[no-untyped-call]
    SCHEMA, format_checker=FORMATS
)
