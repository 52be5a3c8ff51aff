"""The standing projection: its rows are a fresh fold of the log, whatever came in whatever order and pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.journeys import publish_first
from api.settings import Settings
from api.wiring import Service, service
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import DAY, Instant, instant
from domain.journey.fold import fold
from event_log import follower as following
from event_log.connections import reading
from event_log.follower import Follower
from event_log.reading import CustomerFacts
from projections.board import Question
from projections.standing import StandingProjection

RULEBOOK = """
journey: j
stages: [{id: A, initial: true}, {id: B}, {id: C}]
enter: {when: {fact: [x, y]}}
leave: {when: {fact: out}}
tags: [{id: hot, when: {fact: x}, add: hot, expires: 3d}]
moves:
  - {id: up, from: A, to: B, when: {fact: y}}
  - {id: cool, from: [A, B], to: C, after: 5d, since: {last: [x, y]}}
  - {id: back, from: C, to: A, when: {fact: x}}
"""
MARCH_1 = instant("2026-03-01T00:00:00Z")

facts = st.lists(
    st.builds(
        Fact,
        source=st.just("s"),
        id=st.uuids().map(str),
        type=st.sampled_from(["x", "y", "out", "note"]),
        customer=st.sampled_from(["a", "b", "客户"]),
        occurred_at=st.integers(0, 20).map(lambda day: MARCH_1 + day * DAY),
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda fact: fact.id,
)


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    with service(Settings(home=tmp_path), database) as wired:
        yield wired


def publish(wired: Service) -> None:
    publish_first(wired, "j", RULEBOOK, because="first", effective_from=None, retroactive=False, by="test")


def follower(wired: Service) -> Follower:
    found = Follower(wired.pool, wired.log.reading, StandingProjection())
    found.begin()
    return found


def drain(follower: Follower) -> None:
    while follower.step():
        pass


def rows(wired: Service, statement: str) -> list[tuple[Any, ...]]:
    with reading(wired.pool) as connection:
        return connection.execute(statement.encode()).fetchall()


def standings(wired: Service) -> dict[UUID, tuple[Any, ...]]:
    """Stage, since, tags and what is due next, by customer."""
    found = rows(wired, "select customer, stage, since, tags, next_due from standing")
    return {row[0]: row[1:] for row in found}


def stays(wired: Service) -> list[tuple[Any, ...]]:
    return sorted(rows(wired, "select customer, from_at, until_at, stage, since from stays"))


def folded_anew(wired: Service, until: Instant) -> dict[UUID, tuple[Any, ...]]:
    """What the rows must say, from the log alone."""
    reader = wired.log.reading
    numbers = reader.numbers(UUID(int=0), 1000)
    answers: dict[UUID, tuple[Any, ...]] = {}
    for number, known in reader.customers(numbers, reader.head()).items():
        assert isinstance(known, CustomerFacts)
        result = fold(in_fold_order(known.facts, until), wired.versions("j"), until)
        timer = result.standing.next_timer
        due = timer.at if timer is not None else None
        answers[number] = result.standing.stage, result.standing.since, sorted(result.standing.tags), due
    return answers


def assert_fresh(wired: Service, found: Follower) -> None:
    assert standings(wired) == folded_anew(wired, found.tracking().worked_until)


def test_facts_before_and_after_the_publication_count(wired: Service) -> None:
    found = follower(wired)
    wired.log.intake.append([[Fact("s", "1", "x", "a", MARCH_1)]])
    drain(found)
    assert standings(wired) == {}

    publish(wired)
    drain(found)
    wired.log.intake.append([[Fact("s", "2", "x", "b", MARCH_1)]])
    drain(found)

    assert len(standings(wired)) == 2
    assert_fresh(wired, found)


def test_a_late_fact_undoes_a_move_that_was_believed(wired: Service) -> None:
    publish(wired)
    found = follower(wired)
    wired.log.intake.append([[Fact("s", "1", "x", "a", MARCH_1), Fact("s", "3", "note", "a", MARCH_1 + 9 * DAY)]])
    drain(found)
    believed = stays(wired)

    wired.log.intake.append([[Fact("s", "2", "y", "a", MARCH_1 + 4 * DAY)]])
    drain(found)

    assert [stay[3] for stay in believed] == ["A", "C"]
    assert [stay[3] for stay in stays(wired)] == ["A", "B", "C"]
    assert_fresh(wired, found)


def test_what_becomes_due_is_worked_without_a_new_fact(wired: Service) -> None:
    publish(wired)
    found = follower(wired)
    now = wired.log.reading.now()
    # Its timer is due a moment after the fact was worked.
    wired.log.intake.append([[Fact("s", "1", "x", "a", now - 5 * DAY + 400_000)]])
    drain(found)
    (before,) = standings(wired).values()
    assert before[0] == "A"

    while wired.log.reading.now() < now + 400_000:
        pass
    drain(found)

    (after,) = standings(wired).values()
    assert (after[0], after[1]) == ("C", now + 400_000)


def test_a_fact_ahead_of_now_is_due_when_it_happens(wired: Service) -> None:
    publish(wired)
    ahead = wired.log.reading.now() + 300_000
    found = follower(wired)
    wired.log.intake.append([[Fact("s", "1", "x", "a", ahead)]])
    drain(found)
    (before,) = standings(wired).values()

    while wired.log.reading.now() <= ahead:
        pass
    drain(found)

    (after,) = standings(wired).values()
    assert (before[0], before[3]) == (None, ahead)
    assert (after[0], after[1]) == ("A", ahead)


@given(first=facts, second=facts, page=st.integers(1, 7))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_rebuild_equals_what_was_kept_live(wired: Service, first: list[Fact], second: list[Fact], page: int) -> None:
    if not wired.log.publications.of("j"):
        publish(wired)
    found = follower(wired)
    for part in (first, second):
        wired.log.intake.append([part])
        drain(found)
    live = standings(wired), stays(wired)
    assert_fresh(wired, found)

    rows(wired, "delete from standing returning 1")
    rows(wired, "delete from stays returning 1")
    rows(wired, "delete from tracking returning 1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "PAGE", page)
        drain(follower(wired))

    assert (standings(wired), stays(wired)) == live


@given(early=facts, late=facts, day=st.integers(0, 30))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_board_of_any_instant_and_any_position_is_a_fresh_fold(
    wired: Service, early: list[Fact], late: list[Fact], day: int
) -> None:
    if not wired.log.publications.of("j"):
        publish(wired)
    wired.log.intake.append([early])
    position = wired.log.reading.head()
    wired.log.intake.append([late])
    drain(follower(wired))

    for known in (position, wired.log.reading.head()):
        for as_of in (MARCH_1 + day * DAY, wired.log.reading.now() + 400 * DAY):
            question = Question("j", wired.versions("j", known), as_of, known)
            columns = wired.board.columns(question, ["A", "B", "C"], 1000)
            cards = {card.customer: column.stage for column in columns for card in column.cards}
            assert cards == fresh_stages(wired, known, as_of)
            assert [column.count for column in columns] == [len(column.cards) for column in columns]


def fresh_stages(wired: Service, position: int, as_of: Instant) -> dict[str, str]:
    reader = wired.log.reading
    found: dict[str, str] = {}
    for known in reader.customers(reader.numbers(UUID(int=0), 1000), position).values():
        assert isinstance(known, CustomerFacts)
        stage = fold(in_fold_order(known.facts, as_of), wired.versions("j", position), as_of).standing.stage
        if stage is not None and known.subject is not None:
            found[known.subject] = stage
    return found


def test_what_cannot_be_folded_is_parked_and_blocks_nobody_else(
    wired: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(wired)
    found = follower(wired)
    with monkeypatch.context() as patch:
        patch.setattr("projections.standing.in_fold_order", stumble_over("bad"))
        wired.log.intake.append([[Fact("s", "1", "x", "bad", MARCH_1), Fact("s", "2", "x", "good", MARCH_1)]])
        drain(found)

        assert [row[0] for row in rows(wired, "select reason from parked")] == ["ZeroDivisionError"]
        assert len(standings(wired)) == 1
        assert found.tracking().position == wired.log.reading.head()

    drain(follower(wired))

    assert rows(wired, "select 1 from parked") == []
    assert_fresh(wired, found)


def stumble_over(customer: str) -> Any:
    def stumbling(known: list[Fact], as_of: Instant) -> list[Fact]:
        if any(fact.customer == customer for fact in known):
            raise ZeroDivisionError(customer)
        return in_fold_order(known, as_of)

    return stumbling
