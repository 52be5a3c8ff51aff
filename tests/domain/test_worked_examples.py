"""The worked examples of the notes on semantics: stage, since and tags of one customer on 30 April 2026."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant, instant
from domain.journey.fold import fold
from domain.journey.in_force import ALWAYS, version
from domain.rulebook.document import build

STAGES = [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C"}]


def march(day: int) -> Instant:
    return instant(f"2026-03-{day:02d}T00:00:00Z")


APRIL_30 = instant("2026-04-30T00:00:00Z")


def fact(fact_type: str, at: Instant, source: str = "s", **data: Any) -> Fact:
    return Fact(source=source, id=f"{fact_type}-{at}-{source}", type=fact_type, customer="c", occurred_at=at, data=data)


def rules(**sections: Any) -> dict[str, Any]:
    return {"journey": "j", "stages": STAGES, **sections}


def move(origin: str, target: str, **trigger: Any) -> dict[str, Any]:
    return {"id": f"{origin}-{target}", "from": origin, "to": target, **trigger}


def on(fact_type: str) -> dict[str, Any]:
    return {"when": {"fact": fact_type}}


SET_A = {"journey": "j", "stage": "A"}

EXAMPLES: list[tuple[str, Sequence[dict[str, Any]], list[Fact], Instant, str | None, Instant | None, list[str]]] = [
    (
        "a move true at the manual move rests until it was false",
        [
            rules(
                tags=[
                    {
                        "id": "price",
                        "when": {"fact": "click", "times": {"at_least": 2, "within": "7d"}},
                        "add": "price",
                    }
                ],
                moves=[move("A", "B", **{"if": {"tag": "price"}})],
            )
        ],
        [
            fact("click", march(1)),
            fact("click", march(2)),
            fact("stage.set", march(3), **SET_A),
            fact("note", march(4)),
        ],
        APRIL_30,
        "A",
        march(3),
        ["price"],
    ),
    (
        "overdue under the new rules fires when they come into force",
        [
            rules(moves=[move("A", "B", after="14d", since={"last": "*"})]),
            rules(moves=[move("A", "B", after="7d", since={"last": "*"})]),
        ],
        [fact("x", march(1))],
        APRIL_30,
        "B",
        march(11),
        [],
    ),
    (
        "a pinned customer stays on the old rules",
        [
            rules(moves=[move("A", "B", after="14d", since={"last": "*"})]),
            rules(moves=[move("A", "B", after="7d", since={"last": "*"})], in_flight="pin"),
        ],
        [fact("x", march(1))],
        APRIL_30,
        "B",
        march(15),
        [],
    ),
    (
        "coming into force is an instant with a run",
        [rules(), rules(moves=[move("A", "B", **{"if": {"seen": "x"}})])],
        [fact("x", march(1))],
        APRIL_30,
        "B",
        march(11),
        [],
    ),
    (
        "the stage the run began in is not entered again",
        [rules(moves=[move("A", "B", **on("x")), move("B", "A", **on("x"))])],
        [fact("x", march(1))],
        APRIL_30,
        "B",
        march(1),
        [],
    ),
    (
        "the same fact may drive several moves",
        [rules(moves=[move("A", "B", **on("x")), move("B", "C", **on("x"))])],
        [fact("x", march(1))],
        APRIL_30,
        "C",
        march(1),
        [],
    ),
    (
        "a rule's add does not touch a tag by hand",
        [rules(tags=[{"id": "vip", **on("x"), "add": "vip", "expires": "5d"}])],
        [fact("tag.added", march(1), tag="vip"), fact("x", march(2))],
        APRIL_30,
        "A",
        march(1),
        ["vip"],
    ),
    (
        "the later expiry holds",
        [
            rules(
                tags=[
                    {"id": "long", **on("x"), "add": "hot", "expires": "30d"},
                    {"id": "short", **on("y"), "add": "hot", "expires": "1d"},
                ]
            )
        ],
        [fact("x", march(1)), fact("y", march(3))],
        march(20),
        "A",
        march(1),
        ["hot"],
    ),
    (
        "a fact at the very deadline counts",
        [rules(moves=[move("A", "B", after="5d", since={"last": "x"})])],
        [fact("x", march(1)), fact("x", march(6))],
        march(10),
        "A",
        march(1),
        [],
    ),
    (
        "facts before the journey count; overdue fires at once, after the fact",
        [rules(enter=on("in"), moves=[move("A", "B", after="7d", since={"first": "x"})])],
        [fact("x", march(1)), fact("in", march(20))],
        APRIL_30,
        "B",
        march(20),
        [],
    ),
    (
        "setting the present stage does not restart the clock",
        [rules(moves=[move("A", "B", after="7d")])],
        [fact("x", march(1)), fact("stage.set", march(5), **SET_A)],
        APRIL_30,
        "B",
        march(8),
        [],
    ),
    (
        "first fires once in a stay on the journey",
        [rules(moves=[move("A", "B", after="30d", since={"first": "x"}), move("B", "A", **on("y"))])],
        [fact("x", march(1)), fact("y", instant("2026-04-05T00:00:00Z"))],
        APRIL_30,
        "A",
        instant("2026-04-05T00:00:00Z"),
        [],
    ),
    (
        "order is occurred_at, source, sequence, id",
        [rules(moves=[move("A", "B", **on("x")), move("B", "C", **on("y"))])],
        [fact("y", march(1), "s2"), fact("x", march(1), "s1")],
        APRIL_30,
        "C",
        march(1),
        [],
    ),
    (
        "leaving drops tags by rule only",
        [rules(enter=on("in"), leave=on("out"), tags=[{"id": "auto", **on("x"), "add": "auto"}])],
        [
            fact("in", march(1)),
            fact("x", march(1), "z"),
            fact("tag.added", march(2), tag="hand"),
            fact("out", march(3)),
        ],
        APRIL_30,
        None,
        None,
        ["hand"],
    ),
    (
        "during a hold stage rules rest; its end is a run, without a fact",
        [rules(moves=[move("B", "C", **on("y")), move("B", "A", **{"if": {"seen": "y"}})])],
        [
            fact("x", march(1)),
            fact("stage.set", march(2), journey="j", stage="B", hold="20d"),
            fact("y", march(5)),
        ],
        APRIL_30,
        "A",
        march(22),
        [],
    ),
]


@pytest.mark.parametrize(
    ("documents", "facts", "as_of", "stage", "since", "tags"),
    [example[1:] for example in EXAMPLES],
    ids=[example[0] for example in EXAMPLES],
)
def test_worked_example(
    documents: Sequence[dict[str, Any]],
    facts: list[Fact],
    as_of: Instant,
    stage: str | None,
    since: Instant | None,
    tags: list[str],
) -> None:
    versions = [
        version(build(document), number, ALWAYS if number == 1 else march(11))
        for number, document in enumerate(documents, start=1)
    ]

    standing = fold(in_fold_order(facts, as_of), versions, as_of).standing

    assert (standing.stage, standing.since, sorted(standing.tags)) == (stage, since, tags)
