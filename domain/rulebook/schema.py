"""The published JSON Schema (2020-12) of a rulebook, put together from small named pieces."""

from typing import Any

from domain.strict_json import LARGEST

Schema = dict[str, Any]

OPERATORS = ("tag", "stage", "in_stage_for", "attribute", "seen", "count", "sum", "all", "any", "not")
"""The names of which a condition has exactly one."""

DURATION = "trailbook-duration"
"""The format of a duration: 14d, or ISO 8601 without months and years; at most 100 years."""

DURATION_ABOVE_ZERO = "trailbook-duration-above-zero"

# `$` alone lets a line end follow in Python; `(?!\n)` forbids it and says nothing new elsewhere.
_WITHOUT_CONTROLS = r"^[^\u0000-\u001f\u007f-\u009f]+$(?!\n)"
_WITHOUT_SPACE_OR_SLASH = r"^[^/\s\u0000-\u001f\u007f-\u009f]+$(?!\n)"
_NUMBER_RANGE: Schema = {"exclusiveMinimum": -LARGEST, "exclusiveMaximum": LARGEST}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, *required: str, some_of: tuple[str, ...] = (), **more: Any) -> Schema:
    """A closed object with the ``required`` keys and at least one of ``some_of``."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    if some_of:
        schema["anyOf"] = [{"required": [key]} for key in some_of]
    return schema | more


def _list(member: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": member, **more}


def _one_or_more(member: Schema) -> Schema:
    return {"oneOf": [member, _list(member, minItems=1)]}


_BOOLEAN: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number", **_NUMBER_RANGE}
_NUMBER_OR_TEXT: Schema = {"type": ["number", "string"], **_NUMBER_RANGE}
_COMPARISONS: Schema = {
    "in": _ref("scalars"),
    "eq": _ref("scalar"),
    "gte": _NUMBER_OR_TEXT,
    "lte": _NUMBER_OR_TEXT,
    "exists": _BOOLEAN,
}
_TRIGGER: Schema = {"when": _ref("when"), "if": _ref("condition")}
_IN_A_WINDOW: Schema = {"where": _ref("where"), "within": _ref("duration_above_zero")}
_COUNTED: Schema = {"type": "integer", "minimum": 0, "exclusiveMaximum": LARGEST}

_WORDS: Schema = {
    "name": {
        "description": "A text of 1 to 100 characters; Chinese is welcome.",
        "type": "string",
        "maxLength": 100,
        "pattern": _WITHOUT_CONTROLS,
    },
    "names": _one_or_more(_ref("name")),
    "stage_names": {"description": 'A stage, a list of stages, or "*" for every stage.', **_one_or_more(_ref("name"))},
    "fact_type": {"type": "string", "minLength": 1},
    "fact_types": {
        "description": 'A type of fact, a list of types, or "*" for every type.',
        **_one_or_more(_ref("fact_type")),
    },
    "title": {
        "description": "What people read: a text, or one for each language.",
        "oneOf": [
            {"type": "string"},
            _object({"zh": {"type": "string"}, "en": {"type": "string"}}, some_of=("zh", "en")),
        ],
    },
    "duration": {"description": "14d, 90m, or ISO 8601 such as PT90M.", "type": "string", "format": DURATION},
    "duration_above_zero": {
        "description": "14d, 90m, or ISO 8601 such as PT90M; more than zero.",
        "type": "string",
        "format": DURATION_ABOVE_ZERO,
    },
    "scalar": {"type": ["string", "number", "boolean"], **_NUMBER_RANGE},
    "scalars": _list(_ref("scalar"), minItems=1),
}

_FACTS: Schema = {
    "where": {
        "description": "Fields of the fact's data; all of them must hold.",
        "type": "object",
        "properties": {
            "keyword": {
                "description": "One of the texts is contained in data.text.",
                **_one_or_more({"type": "string", "minLength": 1}),
            }
        },
        "additionalProperties": _ref("wanted"),
    },
    "wanted": {
        "description": "A value, a list of which any will do, or comparisons of which all must hold.",
        "oneOf": [_ref("scalar"), _ref("scalars"), _object(_COMPARISONS, some_of=tuple(_COMPARISONS))],
    },
    "when": _object(
        {
            "fact": _ref("fact_types"),
            "where": _ref("where"),
            "times": _object(
                {"at_least": {**_COUNTED, "minimum": 1}, "within": _ref("duration_above_zero")},
                "at_least",
                description="The fact and its like reach a number, within a window.",
            ),
        },
        "fact",
        description="A fact that has just happened.",
    ),
}

_CONDITIONS: Schema = {
    "condition": {
        "description": "What holds at the moment: exactly one operator.",
        "oneOf": [_ref(f"condition_{operator}") for operator in OPERATORS],
    },
    "condition_tag": _object({"tag": _ref("names")}, "tag", description="Any of these tags."),
    "condition_stage": _object({"stage": _ref("names")}, "stage", description="In any of these stages."),
    "condition_in_stage_for": _object({"in_stage_for": _ref("duration")}, "in_stage_for"),
    "condition_attribute": _object({"attribute": _ref("name"), **_COMPARISONS}, "attribute"),
    "condition_seen": _object({"seen": _ref("fact_types"), **_IN_A_WINDOW}, "seen"),
    "condition_count": _object(
        {"count": _ref("fact_types"), **_IN_A_WINDOW, "at_least": _COUNTED, "at_most": _COUNTED},
        "count",
        some_of=("at_least", "at_most"),
    ),
    "condition_sum": _object(
        {"sum": _ref("fact_types"), "field": _ref("name"), **_IN_A_WINDOW, "gte": _NUMBER, "lte": _NUMBER},
        "sum",
        "field",
        some_of=("gte", "lte"),
    ),
    "condition_all": _object({"all": _list(_ref("condition"), minItems=1)}, "all"),
    "condition_any": _object({"any": _list(_ref("condition"), minItems=1)}, "any"),
    "condition_not": _object({"not": _ref("condition")}, "not"),
}

_RULES: Schema = {
    "trigger": _object(_TRIGGER, some_of=("when", "if"), description="A fact, a condition, or both."),
    "stage": _object({"id": _ref("name"), "title": _ref("title"), "initial": _BOOLEAN, "final": _BOOLEAN}, "id"),
    "manual_move": _object({"from": _ref("stage_names"), "to": _ref("stage_names")}, "to"),
    "tag_rule": _object(
        {
            "id": _ref("name"),
            **_TRIGGER,
            "add": _ref("name"),
            "remove": _ref("name"),
            "expires": _ref("duration_above_zero"),
        },
        "id",
        "when",
        oneOf=[{"required": ["add"]}, {"required": ["remove"]}],
        dependentRequired={"expires": ["add"]},
    ),
    "anchor": {
        "oneOf": [
            {"type": "string", "const": "stage_entry"},
            _object({"last": _ref("fact_types")}, "last"),
            _object({"first": _ref("fact_types")}, "first"),
        ]
    },
    "move": _object(
        {
            "id": _ref("name"),
            "from": _ref("stage_names"),
            "to": _ref("name"),
            **_TRIGGER,
            "after": _ref("duration_above_zero"),
            "since": _ref("anchor"),
        },
        "id",
        "to",
        some_of=("when", "if", "after"),
        dependentRequired={"since": ["after"]},
        **{"not": {"required": ["when", "after"]}},
    ),
    "opportunity": _object(
        {
            "id": _ref("name"),
            "title": _ref("title"),
            "kind": _ref("name"),
            **_TRIGGER,
            "rank": _NUMBER,
            "open_for": _ref("duration_above_zero"),
            "closes": _ref("trigger"),
            "ageing": _object({"add": _NUMBER, "per": _ref("duration_above_zero")}, "add", "per"),
        },
        "id",
        "kind",
        some_of=("when", "if"),
    ),
}

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Trailbook rulebook",
    "description": "One version of a journey's rules.",
    **_object(
        {
            "journey": {
                "description": "The name of the journey, without a slash or white space.",
                "type": "string",
                "maxLength": 64,
                "pattern": _WITHOUT_SPACE_OR_SLASH,
            },
            "title": _ref("title"),
            "timezone": {"description": "Such as Asia/Shanghai.", "type": "string", "minLength": 1, "default": "UTC"},
            "manual_tags": _list(_ref("name"), description="Tags that people may set and rules may read."),
            "stages": _list(
                _ref("stage"),
                minItems=1,
                contains={"type": "object", "properties": {"initial": {"const": True}}, "required": ["initial"]},
                minContains=1,
                maxContains=1,
            ),
            "manual": _list(_ref("manual_move"), description="Which moves people may make; absent: any."),
            "enter": {**_ref("trigger"), "description": "Who is on this journey; absent: everybody."},
            "leave": {**_ref("trigger"), "description": "Who is no longer on it."},
            "tags": _list(_ref("tag_rule"), description="Behaviour to tags."),
            "moves": _list(_ref("move"), description="Tags and behaviour to stages; the first that applies moves."),
            "opportunities": _list(_ref("opportunity"), description="Whom to talk to today, and why."),
            "renames": {
                "description": "Stages of earlier versions: old name to new.",
                "type": "object",
                "propertyNames": _ref("name"),
                "additionalProperties": _ref("name"),
            },
            "in_flight": {
                "description": "pin: those already on the journey stay under the version they are on.",
                "type": "string",
                "const": "pin",
            },
        },
        "journey",
        "stages",
        dependentRequired={"leave": ["enter"]},
    ),
    "$defs": {**_WORDS, **_FACTS, **_CONDITIONS, **_RULES},
}


def _keys(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {key for member in schema for key in _keys(member)}
    if not isinstance(schema, dict):
        return set()
    return {*schema.get("properties", {}), *(key for member in schema.values() for key in _keys(member))}


KEYS: frozenset[str] = frozenset(_keys(SCHEMA))
"""Every key a rulebook may have anywhere."""
