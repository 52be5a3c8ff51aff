"""Any rulebooks, any facts, learned of in any order, followed at any moment: rows and boards are folds of the log.

TRAILBOOK_LONG=1 tries twenty times as many.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import known_by
from domain.instants import DAY, Instant
from domain.journey.day_list import Day
from domain.journey.in_force import known as known_then
from domain.journey.trail import trail
from projections.board import Question
from projections.opportunities import DayQuestion
from tests.domain.generate import PLACES, START, at, histories, publications
from tests.domain.naive import Published
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold, cards_of, customers, fresh_cards
from tests.projections.fresh_days import cards_said, fresh_day
from tests.projections.world import JOURNEY, World, world_in

EXAMPLES = 15 * (20 if os.environ.get("TRAILBOOK_LONG") == "1" else 1)
EVERY_STAGE = ("A", "B", "C", "D", "A2", "B2", "C2")
CUSTOMERS = ("c1", "c2", "客户")

places = st.integers(0, PLACES + 10).map(at)


@dataclass(frozen=True)
class Life:
    """What is learned of, by the instant at which it is; and between which of these instants a follower is awake."""

    facts: tuple[Fact, ...]
    published: tuple[Published, ...]
    awake: tuple[bool, ...]

    def __iter__(self) -> Iterator[tuple[Instant, list[Fact | Published]]]:
        """What is learned at one instant, publications first."""
        learned: list[Fact | Published] = [*self.published, *self.facts]
        return ((at, list(some)) for at, some in groupby(sorted(learned, key=known_at), key=known_at))


def known_at(learned: Fact | Published) -> Instant:
    if isinstance(learned, Published):
        return START - DAY if learned.published_at is None else learned.published_at
    assert learned.recorded_at is not None
    return learned.recorded_at


@st.composite
def lives(draw: st.DrawFn) -> Life:
    facts = [of(customer, fact) for customer in CUSTOMERS for fact in draw(histories(at_most=8))]
    # Versions are numbered as they are published.
    published = sorted(draw(publications()), key=known_at)
    awake = draw(st.lists(st.booleans(), min_size=1, max_size=7))
    return Life(tuple(facts), tuple(published), tuple(awake))


def of(customer: str, fact: Fact) -> Fact:
    """The same fact of another customer, with an identity of its own; so is what it voids."""
    source = f"{customer}/{fact.source}"
    data = {**fact.data, "source": f"{customer}/{fact.data['source']}"} if fact.type == "fact.voided" else fact.data
    return replace(fact, customer=customer, source=source, data=data)


@pytest.fixture
def any_world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        yield world


@given(lives(), st.lists(st.tuples(places, places), min_size=3, max_size=3))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_and_boards_are_folds_of_the_log(
    any_world: World, life: Life, cuts: list[tuple[Instant, Instant]]
) -> None:
    world = any_world
    world.starts_anew()
    live(world, life)
    assert_rows_are_a_fresh_fold(world.database, world.log)

    world.it_is(at(PLACES + 12))
    world.follows()
    assert_rows_are_a_fresh_fold(world.database, world.log)
    for as_of, known in [*cuts, (at(PLACES + 60), at(PLACES + 12))]:
        position = world.log.reading.position_at(known)
        question = Question(JOURNEY, world.versions(position), as_of, position)
        columns = world.board.columns(question, EVERY_STAGE, 100)
        assert cards_of(columns) == fresh_cards(world.log, question)
        assert all(column.count == len(column.cards) for column in columns)
        of_one = replace(question, staff="zhang")
        assert cards_of(world.board.columns(of_one, EVERY_STAGE, 100)) == fresh_cards(world.log, of_one)
        assert_days_are_folds_of_the_log(world, as_of, known)
        assert_trails_are_folds_of_the_log(world, as_of, known)


@given(lives(), st.integers(1, 9), st.integers(1, 3))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_rebuild_in_pages_of_any_size_and_any_partitions_gives_the_rows_that_were_kept_live(
    any_world: World, life: Life, page: int, partitions: int
) -> None:
    world = any_world
    world.starts_anew()
    live(world, life)
    world.it_is(at(PLACES + 12))
    world.follows()
    kept = all_rows(world.database)

    world.builds_anew(partitions, page)

    assert all_rows(world.database) == kept


def assert_days_are_folds_of_the_log(world: World, at: Instant, known: Instant) -> None:
    """The list of the day of an instant, of everybody and of one seller."""
    start = at // DAY * DAY
    upto = known if known // DAY * DAY == start else start + DAY - 1
    position = world.log.reading.position_at(known)
    versions = world.versions(position)
    for staff in (None, "zhang"):
        question = DayQuestion(JOURNEY, versions, Day(start, upto), known, position, staff)
        assert cards_said(world.opportunities.of_day(question)) == fresh_day(world.log, question)


def assert_trails_are_folds_of_the_log(world: World, as_of: Instant, known: Instant) -> None:
    for number, customer in customers(world.log, world.log.reading.head()).items():
        facts, versions = known_by(customer.facts, known), known_then(world.versions(), known)
        assert world.trail.entries(JOURNEY, number, as_of, known) == trail(facts, versions, as_of, known)


def live(world: World, life: Life) -> None:
    for turn, (now, learned) in enumerate(life):
        world.it_is(now)
        learn(world, learned)
        if life.awake[turn % len(life.awake)]:
            world.follows()


def learn(world: World, learned: list[Fact | Published]) -> None:
    for one in learned:
        if isinstance(one, Published):
            world.publishes(one.document, one.effective_from)
    facts = [one for one in learned if isinstance(one, Fact)]
    if facts:
        world.learns(*facts)
