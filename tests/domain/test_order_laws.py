"""Arrival never matters: permutations, repetitions and cuts."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order, known_by, once_each
from domain.instants import DAY, Instant
from domain.journey.fold import fold
from domain.journey.in_force import version
from domain.journey.steps import Step
from domain.rulebook.document import build

RULES = build(
    {
        "journey": "j",
        "stages": [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C"}],
        "leave": {"when": {"fact": "out"}},
        "enter": {"when": {"fact": ["x", "y"]}},
        "tags": [
            {
                "id": "hot",
                "when": {"fact": "x", "times": {"at_least": 2, "within": "3d"}},
                "add": "hot",
                "expires": "4d",
            },
            {"id": "cold", "when": {"fact": "y"}, "remove": "hot"},
        ],
        "moves": [
            {"id": "up", "from": "A", "to": "B", "if": {"tag": "hot"}},
            {"id": "on", "from": "B", "to": "C", "when": {"fact": "y"}},
            {"id": "down", "to": "A", "after": "5d", "since": {"last": ["x", "y"]}},
            {"id": "late", "from": "A", "to": "C", "after": "9d", "since": {"first": "x"}},
        ],
        "opportunities": [{"id": "card", "kind": "chat", "if": {"tag": "hot"}, "open_for": "2d"}],
    }
)
VERSIONS = [version(RULES)]
END: Instant = 40 * DAY

facts = st.lists(
    st.builds(
        Fact,
        source=st.sampled_from(["s1", "s2"]),
        id=st.uuids().map(str),
        type=st.sampled_from(["x", "y", "out", "tag.added", "stage.set"]),
        customer=st.just("c"),
        # Few instants, so that facts tie with each other and with timers.
        occurred_at=st.integers(0, 20).map(lambda day: day * DAY),
        sequence=st.sampled_from(["", "1", "2"]),
        data=st.sampled_from(
            [{}, {"tag": "hot"}, {"journey": "j", "stage": "B", "hold": "3d"}, {"journey": "j", "stage": "A"}]
        ),
        recorded_at=st.integers(0, 25).map(lambda day: day * DAY),
    ),
    max_size=12,
    unique_by=lambda fact: fact.id,
)


def steps(deliveries: list[Fact], as_of: Instant = END) -> tuple[Step, ...]:
    return fold(in_fold_order(once_each(deliveries), as_of), VERSIONS, as_of).steps


@given(facts, st.data())
@settings(deadline=None, max_examples=200)
def test_any_permutation_and_repetition_gives_the_same_steps(known: list[Fact], data: st.DataObject) -> None:
    repeated = known + (data.draw(st.lists(st.sampled_from(known), max_size=6)) if known else [])
    shuffled = data.draw(st.permutations(repeated))

    assert steps(shuffled) == steps(known)


@given(facts, st.integers(0, 25).map(lambda day: day * DAY))
@settings(deadline=None, max_examples=200)
def test_known_at_is_the_fold_of_what_was_recorded_by_then(known: list[Fact], known_at: Instant) -> None:
    recorded = [fact for fact in known if fact.recorded_at is not None and fact.recorded_at <= known_at]

    assert steps(known_by(known, known_at)) == steps(recorded)


@given(facts, st.integers(0, 25).map(lambda day: day * DAY))
@settings(deadline=None, max_examples=200)
def test_nothing_that_happens_later_changes_an_earlier_step(known: list[Fact], as_of: Instant) -> None:
    assert steps(known, as_of) == tuple(step for step in steps(known) if step.at <= as_of)


@given(facts)
@settings(deadline=None, max_examples=100)
def test_a_fact_is_known_since_its_first_delivery(known: list[Fact]) -> None:
    later = [replace(fact, recorded_at=(fact.recorded_at or 0) + DAY) for fact in known]

    assert {fact.key: fact.recorded_at for fact in once_each(later + known)} == {
        fact.key: fact.recorded_at for fact in known
    }
