"""Batches for the laws that hold both engines together: rulebooks over the whole language, and many customers at once.

Documents and histories are those of the domain's laws; here they are made richer in what is told apart only by masks
and tables: several fields and attributes in one condition, conditions in conditions, large amounts, tags that no rule
names, cards of nobody. A batch has two or three series of versions, as a backtest has.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, Instant
from domain.journey.in_force import ALWAYS, Version, version
from domain.rulebook.document import build
from tests.domain.generate import (
    COMPARISONS,
    DURATIONS,
    JOURNEY,
    PLACES,
    SUMMED,
    TYPES,
    WHERES,
    Document,
    at,
    documents,
    evenly,
    facts,
    histories,
    instants,
    joined,
    later_documents,
    leaves,
    optional,
)

LARGE = 999_999_999_999


@dataclass(frozen=True)
class Question:
    """Facts of each customer in fold order, series of versions, and instants to be asked about."""

    customers: tuple[tuple[Fact, ...], ...]
    runs: tuple[tuple[Version, ...], ...]
    instants: tuple[Instant, ...]


# Conditions ---------------------------------------------------------------------------------------------------------

SEVERAL_FIELDS: tuple[Document, ...] = (
    {"v": {"exists": True}, "n": {"gte": 0.2}},
    {"v": ["a", True], "n": {"lte": 2.5, "gte": -1}},
    {"v": {"exists": False}, "n": 1, "keyword": "call"},
    {"keyword": ["电话", "call"], "text": {"gte": "p"}},
    {"n": {"in": [0.1, 0.2, 0.3, LARGE]}},
    {"n": {"gte": 0.1, "lte": 0.1}, "v": {"lte": "b"}},
    {"feedback": ["positive", "exploring"], "v": {"exists": False}},
)
AMOUNTS: tuple[Document, ...] = (
    *SUMMED,
    {"gte": LARGE},
    {"lte": -LARGE},
    {"gte": -0.000001, "lte": 0.000001},
)
ATTRIBUTES: tuple[str, ...] = ("plan", "city", "age")

richer_leaves = evenly(
    leaves,
    st.sampled_from([{"attribute": name, **comparison} for name in ATTRIBUTES for comparison in ({}, *COMPARISONS)]),
    st.sampled_from(
        [
            {"seen": types, "where": where, **window}
            for types in TYPES
            for where in SEVERAL_FIELDS
            for window in optional("within", DURATIONS[:3])
        ]
    ),
    st.sampled_from(
        [
            {"sum": types, "field": field, **window}
            for types in TYPES
            for field in ("n", "v")
            for window in joined(AMOUNTS, optional("within", DURATIONS[:3]))
        ]
    ),
    st.sampled_from([{"tag": names} for names in ("odd", ["odd", "t1"], ["t3", "unheard"])]),
)
conditions_in_conditions = st.tuples(richer_leaves, richer_leaves, leaves).map(
    lambda members: {
        "any": [{"all": [members[0], {"not": {"any": [members[1], members[2]]}}]}, {"not": {"not": members[1]}}]
    }
)


# Rules that keep happening: drawn ones seldom make anybody leave, come back, lose a tag or a card.
LIVELY: dict[str, Sequence[Document]] = {
    "tags": [
        {"when": {"fact": "x"}, "add": "t1", "expires": "2d"},
        {"when": {"fact": "y"}, "remove": "t1"},
        {"when": {"fact": "*", "times": {"at_least": 3, "within": "2d"}}, "add": "t2"},
        {"when": {"fact": ["y", "tag.added"]}, "if": {"not": {"tag": "t3"}}, "add": "t3", "expires": "12h"},
        {"when": {"fact": "*"}, "if": {"in_stage_for": "2d"}, "remove": "t2"},
        {"when": {"fact": ["profile.changed", "y"]}, "if": {"attribute": "plan"}, "add": "t4"},
        {"when": {"fact": ["profile.changed", "x"]}, "if": {"attribute": "plan", "exists": False}, "remove": "t4"},
    ],
    "moves": [
        {"from": "A", "to": "B", "if": {"tag": "t1"}},
        {"from": "B", "to": "A", "if": {"not": {"tag": ["t1", "odd"]}}},
        {"to": "C", "when": {"fact": "y"}, "if": {"in_stage_for": "1d"}},
        {"from": ["C", "B"], "to": "A", "after": "1d", "since": {"last": "*"}},
        {"to": "B", "after": "3d", "since": {"first": ["x", "y"]}},
        {"from": "A", "to": "C", "if": {"seen": "y", "within": "1d"}},
    ],
    "opportunities": [
        {"kind": "call", "when": {"fact": "x"}, "open_for": "1d", "closes": {"when": {"fact": "y"}}},
        {"kind": "chat", "if": {"tag": "t1"}, "open_for": "3d"},
        {"kind": "call", "if": {"count": "*", "within": "2d", "at_least": 2}, "closes": {"if": {"tag": "t2"}}},
        {"kind": "chat", "if": {"not": {"in_stage_for": "2d"}}},
    ],
}
COMING_AND_GOING: list[Document] = [
    {},
    {},
    {"enter": {"when": {"fact": ["x", "tag.added"]}}, "leave": {"when": {"fact": "y"}}},
    {"enter": {"if": {"seen": "x"}}, "leave": {"if": {"count": "y", "within": "1d", "at_least": 2}}},
    {"enter": {"when": {"fact": "*"}}, "leave": {"when": {"fact": "*"}, "if": {"tag": ["t2", "odd"]}}},
]


@st.composite
def livelier(draw: st.DrawFn, document: Document) -> Document:
    """With more rules, whose ids are those of the same rules in other versions."""
    found = document | draw(st.sampled_from(COMING_AND_GOING))
    stages = {stage["id"] for stage in document["stages"]}
    for section, rules in LIVELY.items():
        known = {rule["id"] for rule in document[section]}
        named = ({"id": f"lively{place}", **rule} for place, rule in enumerate(rules))
        more = [rule for rule in named if rule["id"] not in known and rule.get("to") in {None, *stages}]
        if more:
            found[section] = [*document[section], *draw(st.lists(st.sampled_from(more), max_size=3, unique_by=_id))]
    return found


def _id(rule: Document) -> str:
    return str(rule["id"])


@st.composite
def richer(draw: st.DrawFn, document: Document) -> Document:
    """Some of its conditions and filters replaced by others that look at more."""
    found = deepcopy(draw(livelier(document)))
    for rule in _triggers(found):
        change = draw(st.sampled_from(["none", "none", "none", "if", "where"]))
        if change == "if" and "if" in rule:
            rule["if"] = draw(evenly(richer_leaves, conditions_in_conditions))
        elif change == "where" and "when" in rule:
            rule["when"]["where"] = draw(st.sampled_from([*SEVERAL_FIELDS, *WHERES]))
    return found


def _triggers(document: Document) -> Iterator[Document]:
    yield from (document[name] for name in ("enter", "leave") if name in document)
    yield from (*document["tags"], *document["moves"], *document["opportunities"])
    yield from (card["closes"] for card in document["opportunities"] if "closes" in card)


# Series of versions -------------------------------------------------------------------------------------------------


@st.composite
def series(draw: st.DrawFn) -> tuple[tuple[Version, ...], ...]:
    """The published versions; the same with a candidate in the place of all that come after it; perhaps a third."""
    document = draw(documents().flatmap(richer))
    published = [_version(1, document, draw(evenly(st.just(ALWAYS), st.just(ALWAYS), instants)))]
    for number in range(2, draw(st.sampled_from([1, 1, 2, 2, 3, 4])) + 1):
        document = draw(later_documents(document).flatmap(richer))
        published.append(_version(number, document, draw(instants)))
    runs = [tuple(published)]
    for _ in range(draw(st.sampled_from([1, 1, 2]))):
        candidate = draw(later_documents(document).flatmap(richer))
        since = draw(evenly(instants, st.just(ALWAYS)))
        before = [one for one in published if one.effective_from <= since]
        runs.append((*before, _version(len(published) + 1, candidate, since)))
    return tuple(runs)


def _version(number: int, document: Document, effective_from: Instant) -> Version:
    return version(build(document), number, effective_from)


# Customers ----------------------------------------------------------------------------------------------------------

SAID: tuple[Any, ...] = ("please call", "call me", "电话", "", [])
RICHER: Sequence[tuple[str, Any]] = (
    *((kind, {"tag": tag}) for tag in ("odd", "odder", "", "t1") for kind in ("tag.added", "tag.removed")),
    *(("x", {"v": value, "n": number}) for value in ("a", "aa", "b", 1, True) for number in (0.1, 2.5, 0.0000005)),
    *((kind, {"v": number, "n": number}) for kind in ("x", "y") for number in (LARGE, -LARGE, LARGE - 0.5, 0)),
    *(("y", {"text": said, "v": "b", "n": 1}) for said in SAID),
    ("y", {"feedback": "positive"}),
    ("message.received", {"feedback": "exploring", "n": 0.3, "v": None}),
    *(
        ("profile.changed", {"attributes": attributes})
        for attributes in (
            {"plan": "b", "city": "a"},
            {"city": None, "age": 1},
            {"plan": None},
            {"age": 0.5, "plan": True},
            {"age": [1], "city": {"a": 1}},
            {"other": 1},
            {},
        )
    ),
    ("opportunity.done", {"journey": JOURNEY, "rule": "card1"}),
    ("opportunity.done", {"journey": JOURNEY, "rule": "nobody's"}),
    ("opportunity.skipped", {"journey": "other", "rule": "card0"}),
    ("opportunity.done", {"journey": JOURNEY, "rule": 7}),
    *(("stage.set", {"journey": JOURNEY, "stage": stage, "hold": hold}) for stage in "ABC" for hold in ("0s", "1d")),
    ("stage.set", {"journey": JOURNEY, "stage": "odd", "hold": "1d"}),
    ("stage.set", {"journey": JOURNEY, "stage": "B", "hold": "100w"}),
)


more_histories = st.tuples(*(facts(number) for number in range(12)))


FATES = [*((False, 0) for _ in range(6)), (True, 0), (True, 0), (False, 1), (False, -1), (True, 1)]
"""Whether a fact becomes one of the richer ones, and by how little it happens beside the grid of instants."""


@st.composite
def customers(draw: st.DrawFn, number: int) -> tuple[Fact, ...]:
    found = []
    for fact in draw(evenly(histories(6), histories(14), more_histories)):
        is_richer, beside = draw(st.sampled_from(FATES))
        if is_richer and fact.type != "fact.voided":
            fact_type, data = draw(st.sampled_from(RICHER))
            fact = replace(fact, type=fact_type, data=data)
        found.append(replace(fact, customer=f"c{number}", occurred_at=fact.occurred_at + beside))
    return tuple(in_fold_order(found, LATEST))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    known = tuple(draw(customers(number)) for number in range(draw(st.integers(1, 6))))
    asked = draw(st.sampled_from([(50, 20, PLACES), (60, 30, 10), (1000, 35, 15), (45, 25, 5)]))
    beside = draw(st.sampled_from([0, 0, -1, 1]))
    return Question(known, draw(series()), tuple(at(place) + beside for place in asked))
