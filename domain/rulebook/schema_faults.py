"""What keeps a document from fitting the schema, one sentence each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jsonschema.exceptions import ValidationError

from domain.refusals import Fault
from domain.rulebook.places import Places, spoken
from domain.rulebook.schema import DURATION_ABOVE_ZERO, OPERATORS, Schema
from domain.rulebook.validator import VALIDATOR, is_of_kind, kinds, resolved
from domain.strict_json import escaped

MOST_FAULTS = 100

_A_DURATION = (
    "a duration: a whole number of s, m, h, d or w, such as 14d, or ISO 8601 without years and months; "
    "at most 100 years"
)
_KINDS: dict[str, str] = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (key: value)",
}


@dataclass(frozen=True, slots=True)
class _Complaint:
    """``about_key``: the key of the value at ``pointer`` is wrong, not the value."""

    reason: str
    pointer: str
    about_key: bool = False

    def located(self, places: Places) -> Fault:
        place = places.of_key(self.pointer) if self.about_key else places.of(self.pointer)
        if place is None:
            return Fault(self.reason, self.pointer)
        return Fault(self.reason, self.pointer, place.line, place.column)


def schema_faults(document: Any, places: Places | None = None) -> list[Fault]:
    """The faults of a document of plain values, at most a hundred, with line and column as far as ``places`` tells."""
    found: dict[_Complaint, None] = {}
    for error in VALIDATOR.iter_errors(document):
        found.update(dict.fromkeys(_complaints(error)))
        if len(found) >= MOST_FAULTS:
            break
    return [complaint.located(places or Places()) for complaint in list(found)[:MOST_FAULTS]]


def _complaints(error: ValidationError) -> Iterator[_Complaint]:
    pointer = "".join(f"/{escaped(str(token))}" for token in error.absolute_path)
    value: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            for key in sorted(set(value) - set(schema["properties"])):
                yield _Complaint(_unknown_key(key, value, schema, pointer), f"{pointer}/{escaped(key)}", True)
        case "required":
            for key in wanted:
                if key not in value and key not in _misspelt(value, schema).values():
                    yield _Complaint(f"{spoken(f'{pointer}/{escaped(key)}')} is missing.", pointer)
        case "dependentRequired":
            for key, others in wanted.items():
                if key in value and not all(other in value for other in others):
                    here = f"{pointer}/{escaped(key)}"
                    yield _Complaint(f"{spoken(here)} goes with {_listed(others, 'and')} only.", here, True)
        case "contains" | "minContains" if not value:
            return  # An empty list is told as such.
        case "anyOf" if set(_required(wanted)) & set(_misspelt(value, schema).values()):
            return
        case _:
            yield _Complaint(f"{_about(str(error.validator), wanted, value, schema, spoken(pointer))}.", pointer)


def _about(keyword: str, wanted: Any, value: Any, schema: Schema, place: str) -> str:
    match keyword:
        case "type":
            return _wrong_kind(kinds(schema), value, place)
        case "oneOf":
            return _no_branch(wanted, value, place)
        case "anyOf":
            return f"{place} needs at least one of {_listed(_required(wanted), 'and')}"
        case "not":
            return f"{place} has both {_listed(wanted['required'], 'and')}; they exclude each other"
        case "contains" | "minContains" | "maxContains":
            return _initial_stages(value)
        case "format":
            above_zero = ", and more than zero" if wanted == DURATION_ABOVE_ZERO else ""
            return f"{place} must be {_A_DURATION}{above_zero}; this is {_shown(value)}"
        case "pattern" | "minLength":
            return _unfit_text(value, place)
        case "maxLength":
            return f"{place} is longer than {wanted} characters"
        case "minItems":
            return f"{place} is an empty list"
        case "const":
            return f"{place} can only be {wanted}; this is {_shown(value)}"
        case "minimum":
            return f"{place} must be at least {wanted}; this is {_shown(value)}"
        case _:
            return f"{place} must be a number below 10^12 in amount; this is {_shown(value)}"


def _unknown_key(key: str, value: Mapping[str, Any], schema: Schema, pointer: str) -> str:
    near = _misspelt(value, schema).get(key)
    place = spoken(pointer)
    operator = next((name for name in schema.get("required", ()) if name in OPERATORS), None)
    if near:
        return f"{place} has no key {_shown(key)}; did you mean {near}?"
    if operator is not None:
        return f"{place}: {_shown(key)} does not go with {operator}."
    return f"{place} has no key {_shown(key)}; it takes {_listed(list(schema['properties']), 'and')}."


def _misspelt(value: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """Unknown keys with the key that was probably meant, which is then not called missing."""
    absent = [name for name in schema["properties"] if name not in value]
    unknown = [key for key in value if key not in schema["properties"]]
    near = {key: get_close_matches(key, absent, 1) for key in unknown}
    return {key: matches[0] for key, matches in near.items() if matches}


def _wrong_kind(wanted: list[str], value: Any, place: str) -> str:
    quotes = "; put it in quotes" if "string" in wanted and isinstance(value, bool | int | float) else ""
    kinds_wanted = _listed([_KINDS[kind] for kind in dict.fromkeys(wanted)], "or")
    return f"{place} must be {kinds_wanted}, not {_kind_of(value)}{quotes}"


def _no_branch(branches: list[Schema], value: Any, place: str) -> str:
    keys = _required([resolved(branch) for branch in branches])
    condition = tuple(keys) == OPERATORS
    noun = f"{place} must be a condition:" if condition else place
    if not isinstance(value, Mapping) or not keys:
        if condition:
            return f"{noun} a mapping with exactly one of {_listed(keys, 'and')}; it is {_kind_of(value)}"
        return _wrong_kind(_kinds_of_branches(branches), value, place)
    present = [key for key in keys if key in value]
    told = f"{place}: a condition has" if condition else f"{place} has"
    if present:
        return f"{told} exactly one of {_listed(keys, 'and')}; this one has {_listed(present, 'and')}"
    near = [match for key in value for match in get_close_matches(key, keys, 1)]
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{told} exactly one of {_listed(keys, 'and')}; this one has none{hint}"


def _kinds_of_branches(branches: list[Schema]) -> list[str]:
    found: list[str] = []
    for branch in map(resolved, branches):
        found += _kinds_of_branches(branch["oneOf"]) if "oneOf" in branch else kinds(branch)
    return found


def _required(branches: list[Schema]) -> list[str]:
    """The key by which each branch is told from the others."""
    return [branch["required"][0] for branch in branches if "required" in branch]


def _initial_stages(stages: list[Any]) -> str:
    initial = [stage for stage in stages if isinstance(stage, Mapping) and stage.get("initial") is True]
    names = _listed([_shown(stage.get("id")) for stage in initial], "and") if initial else "none"
    return f"stages: exactly one stage has initial: true; here {names} {'have' if len(initial) > 1 else 'has'} it"


def _unfit_text(value: str, place: str) -> str:
    if not value:
        return f"{place} is an empty text"
    if place == "journey":
        return f"{place} has no slash, white space or control character; this is {_shown(value)}"
    return f"{place} has no control character such as a line end or a tab; this is {_shown(value)}"


def _kind_of(value: Any) -> str:
    for kind in ("boolean", "string", "number", "array", "object"):
        if is_of_kind(value, kind):
            return _KINDS[kind]
    return "empty (null)" if value is None else "something else"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."


def _listed(words: list[str], last: str) -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
