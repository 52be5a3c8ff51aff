"""The trail: what was ever believed, and when it was given up."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import DAY, Instant, instant
from domain.journey.fold import fold
from domain.journey.in_force import Version, known, version
from domain.journey.steps import Step
from domain.journey.trail import trail
from domain.rulebook.document import build
from domain.rulebook.reader import rulebook
from tests.data.read_files import histories_of, lines_of

EXAMPLES = Path(os.environ.get("TRAILBOOK_EXAMPLES", Path(__file__).parents[2].parent / "shared" / "examples"))
RULES = build(
    {
        "journey": "j",
        "stages": [{"id": "A", "initial": True}, {"id": "B"}],
        "tags": [{"id": "hot", "when": {"fact": "y"}, "add": "hot", "expires": "2d"}],
        "moves": [
            {"id": "silent", "from": "A", "to": "B", "after": "3d", "since": {"last": "*"}},
            {"id": "back", "from": "B", "to": "A", "when": {"fact": "y"}},
        ],
    }
)
SLOWER = build(
    {
        "journey": "j",
        "stages": [{"id": "A", "initial": True}, {"id": "B"}],
        "moves": [{"id": "silent", "from": "A", "to": "B", "after": "5d", "since": {"last": "*"}}],
    }
)


def day(number: int) -> Instant:
    return number * DAY


def fact(number: int, occurred: int, recorded: int, fact_type: str = "x") -> Fact:
    return Fact("s", str(number), fact_type, "c", day(occurred), recorded_at=day(recorded))


def told(entries: Sequence[object]) -> list[tuple[str, int, int | None]]:
    return [
        (entry.step.kind, entry.step.at // DAY, None if entry.superseded_at is None else entry.superseded_at // DAY)  # type: ignore[attr-defined]
        for entry in entries
    ]


def test_a_late_fact_supersedes_the_move_that_was_believed() -> None:
    facts = [fact(1, 0, 0), fact(2, 2, 10)]

    assert told(trail(facts, [version(RULES)], day(20), day(20))) == [
        ("entered", 0, None),
        ("moved", 3, 10),
        ("moved", 5, None),
    ]


def test_before_it_was_known_nothing_was_superseded() -> None:
    facts = [fact(1, 0, 0), fact(2, 2, 10)]

    assert told(trail(known_by(facts, day(9)), [version(RULES)], day(20), day(9))) == [
        ("entered", 0, None),
        ("moved", 3, None),
    ]


def test_a_fact_in_order_supersedes_nothing() -> None:
    facts = [fact(1, 0, 0), fact(2, 4, 4, "y")]

    assert told(trail(facts, [version(RULES)], day(5), day(5))) == [
        ("entered", 0, None),
        ("moved", 3, None),
        ("tag_added", 4, None),
        ("moved", 4, None),
    ]


def test_a_publication_into_the_past_supersedes_what_its_rules_would_not_have_done() -> None:
    versions = [version(RULES), version(SLOWER, 2, day(1), published_at=day(10))]

    assert told(trail([fact(1, 0, 0)], versions, day(20), day(20))) == [
        ("entered", 0, None),
        ("moved", 3, 10),
        ("moved", 5, None),
    ]


def test_a_step_ahead_of_what_is_known_is_no_belief_yet() -> None:
    assert told(trail([fact(1, 0, 0)], [version(RULES)], day(20), day(2))) == [("entered", 0, None)]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"the examples are not here: {EXAMPLES} (TRAILBOOK_EXAMPLES)")
def test_zhao_hui_was_never_dormant_in_march() -> None:
    folder = EXAMPLES / "course-sales"
    book = version(rulebook((folder / "rulebook.yaml").read_text(encoding="utf-8")))
    facts = histories_of(lines_of(folder / "facts.ndjson"))["wmZhaoHui"]
    now = instant("2026-06-30T16:00:00Z")

    superseded = [entry for entry in trail(facts, [book], now, now) if entry.superseded_at is not None]

    assert [(entry.step.at, entry.step.target, entry.superseded_at) for entry in superseded] == [
        (instant("2026-03-20T12:55:00Z"), "dormant", instant("2026-03-20T22:00:00Z"))
    ]


facts_known_late = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.sampled_from(["x", "y"])).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2])
    ),
    min_size=1,
    max_size=7,
).map(lambda drawn: [fact(number, *one) for number, one in enumerate(drawn)])


def identity(step: Step) -> tuple[object, ...]:
    return step.at, step.kind, step.origin, step.target, step.tag, step.opportunity, step.cause.rule


def belief(facts: Sequence[Fact], versions: Sequence[Version], at: Instant) -> Counter[tuple[object, ...]]:
    history = in_fold_order(known_by(facts, at), at)
    return Counter(identity(step) for step in fold(history, known(versions, at), at).steps)


@given(facts_known_late, st.booleans())
@settings(deadline=None, max_examples=100)
def test_the_trail_is_what_asking_every_day_would_have_shown(facts: list[Fact], published_late: bool) -> None:
    versions = [version(RULES)] + ([version(SLOWER, 2, day(2), published_at=day(9))] if published_late else [])
    end = 25
    beliefs = [belief(facts, versions, day(number)) for number in range(end + 1)]
    ever: Counter[tuple[object, ...]] = Counter()
    for one in beliefs:
        ever |= one

    entries = trail(facts, versions, day(end), day(end))

    assert Counter(identity(entry.step) for entry in entries) == ever
    for entry in entries:
        had = [number for number, one in enumerate(beliefs) if identity(entry.step) in one]
        lacking = next(
            (number for number in range(had[0], end + 1) if identity(entry.step) not in beliefs[number]), None
        )
        if ever[identity(entry.step)] == 1:
            assert entry.superseded_at == (None if lacking is None else day(lacking))
