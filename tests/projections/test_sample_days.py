"""The living sample, learned of as it happened: every day's list is a fresh fold, as known now and as it was shown.

TRAILBOOK_LONG=1 takes many more customers and a longer time.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.course_sales.diary import JOURNEY
from api.course_sales.world import World as Sample
from api.days import day_of, day_upto
from api.sample_workspace import rulebook_versions
from domain.instants import DAY, Instant
from event_log.state import Publication
from projections.opportunities import DayQuestion
from tests.projections.fresh import all_rows
from tests.projections.fresh_days import cards_said, fresh_day
from tests.projections.world import World, world_in

CUSTOMERS, DAYS = (100, 120) if os.environ.get("TRAILBOOK_LONG") == "1" else (12, 40)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SAMPLE = Sample(CUSTOMERS, DAYS, 1, date(2026, 6, 30))

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def told(database: str) -> Iterator[World]:
    """Both versions of the rulebook, late and repeated deliveries; a follower wakes up on some days."""
    learned = sorted(((one.at, one.fact) for one in SAMPLE.learned()), key=lambda told: told[0])
    versions = iter([*rulebook_versions(SAMPLE), ("", None, SAMPLE.end)])
    text, since, published_at = next(versions)
    awake = SAMPLE.start
    with world_in(database) as world:
        for at, fact in learned:
            if at >= published_at:
                world.it_is(published_at)
                publish(world, text, since)
                text, since, published_at = next(versions)
            world.it_is(at)
            world.learns(fact)
            if at > awake:
                world.follows(page=23)
                awake = at + 7 * DAY
        world.it_is(SAMPLE.end)
        world.follows()
        yield world


def publish(world: World, text: str, since: Instant | None) -> None:
    draft = Publication(JOURNEY, 0, text, "", since, "a test", "a test", 0, 0)
    world.log.publications.publish(JOURNEY, lambda present, now: draft)


def test_the_list_of_every_day_is_a_fresh_fold(told: World) -> None:
    first = day_of(SAMPLE.start, SHANGHAI)
    now = told.board.worked()[1]
    cards = 0
    for day in (first + timedelta(days=number) for number in range(DAYS)):
        evening = day_upto(day, SHANGHAI, now).start + DAY * 3 // 4
        for known_at in (now, evening):
            question = asked(told, day, known_at)
            listed = cards_said(told.opportunities.of_day(question))
            assert listed == fresh_day(told.log, question), (day, known_at)
            cards += len(listed)
    assert cards > CUSTOMERS


def test_rows_built_from_nothing_are_those_kept_live(told: World) -> None:
    kept = all_rows(told.database)
    assert all(kept.values())
    assert any('"believed_until": 1' in row for row in kept["trail"])

    told.forgets_rows()
    told.follows(page=101)

    assert all_rows(told.database) == kept


def asked(told: World, day: date, known_at: Instant) -> DayQuestion:
    position = told.log.reading.position_at(min(known_at, told.log.reading.now()))
    return DayQuestion(JOURNEY, told.versions(position, JOURNEY), day_upto(day, SHANGHAI, known_at), known_at, position)
