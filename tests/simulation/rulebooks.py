"""A few rulebooks of two journeys in which every kind of rule occurs, and what may happen to a customer under them."""

from typing import Any, Final

from domain.strict_json import canonical

Document = dict[str, Any]

JOURNEYS: Final = ("j", "other")

_TAGS: list[Document] = [
    {"id": "often", "when": {"fact": "x", "times": {"at_least": 2, "within": "2d"}}, "add": "t1", "expires": "3d"},
    {"id": "call", "when": {"fact": ["x", "y"], "where": {"keyword": ["call", "电话"]}}, "add": "t2", "expires": "36h"},
    {"id": "gone", "when": {"fact": "order.paid"}, "remove": "t2"},
]
_MOVES: list[Document] = [
    {"id": "paid", "to": "C", "when": {"fact": "order.paid"}},
    {"id": "wants", "from": ["A", "B"], "to": "C", "if": {"tag": "t2"}},
    {
        "id": "onward",
        "from": "A",
        "to": "B",
        "when": {"fact": ["x", "y"]},
        "if": {"any": [{"tag": "t1"}, {"seen": "y"}]},
    },
    {"id": "cool", "from": "C", "to": "B", "after": "5d", "since": {"last": ["x", "y"]}},
    {"id": "silent", "from": "B", "to": "A", "after": "3d"},
    {"id": "back", "from": "A", "to": "B", "after": "2d", "since": {"first": "y"}, "if": {"not": {"tag": "t1"}}},
]
_OPPORTUNITIES: list[Document] = [
    {"id": "card0", "kind": "call", "if": {"tag": "t2"}, "open_for": "2d"},
    {"id": "card1", "kind": "chat", "when": {"fact": "x"}, "closes": {"when": {"fact": "y"}}, "open_for": "3d"},
    {"id": "card2", "kind": "chat", "if": {"in_stage_for": "36h"}},
]


def _stages(*names: str) -> list[Document]:
    return [{"id": name, "initial": name == names[0]} for name in names]


_FIRST: Document = {
    "journey": "j",
    "stages": _stages("A", "B", "C"),
    "tags": _TAGS,
    "moves": _MOVES,
    "opportunities": _OPPORTUNITIES,
}
_ENTERED: Document = {
    **_FIRST,
    "enter": {"when": {"fact": ["x", "contact.added", "stage.set"]}},
    "leave": {"when": {"fact": "order.paid", "times": {"at_least": 2, "within": "5d"}}},
    "tags": [{**_TAGS[0], "expires": "12h"}, *_TAGS[1:]],
}
_RENAMED: Document = {
    **_FIRST,
    "stages": _stages("A", "B2", "D"),
    "renames": {"B": "B2"},
    "moves": [
        {"id": "onward", "from": "A", "to": "B2", "if": {"count": "x", "within": "2d", "at_least": 1}},
        {"id": "far", "from": "B2", "to": "D", "when": {"fact": "y"}},
        {"id": "silent", "from": ["B2", "D"], "to": "A", "after": "2d", "since": {"last": "*"}},
    ],
    "opportunities": [_OPPORTUNITIES[1], {**_OPPORTUNITIES[2], "open_for": "1d"}],
}
_PINNED: Document = {
    **_FIRST,
    "in_flight": "pin",
    "moves": [_MOVES[0], {"id": "sum", "to": "B", "if": {"sum": "x", "field": "n", "within": "3d", "gte": 0.3}}],
}
_OTHER: Document = {
    "journey": "other",
    "stages": _stages("A", "B"),
    "enter": {
        "when": {"fact": "*"},
        "if": {"any": [{"attribute": "plan", "exists": True}, {"seen": "staff.assigned"}]},
    },
    "moves": [{"id": "on", "from": "A", "to": "B", "after": "36h"}, {"id": "by", "to": "A", "when": {"fact": "y"}}],
    "opportunities": [
        {"id": "card0", "kind": "call", "when": {"fact": "*", "times": {"at_least": 2}}, "open_for": "12h"}
    ],
}


def _text(document: Document) -> str:
    return canonical(document).decode()


DOCUMENTS: Final = {
    "j": tuple(map(_text, (_FIRST, _ENTERED, _RENAMED, _PINNED))),
    "other": (_text(_OTHER), _text({**_OTHER, "moves": _OTHER["moves"][:1]})),
}
"""By journey, the simplest first."""
