"""Rules are published while facts pour in and are followed: a rebuild from nothing gives the very same rows.

Twelve publications; TRAILBOOK_LONG=1: a hundred.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest

from api.wiring import Service
from api.worker import follower_pool
from domain.rulebook.reader import read
from domain.strict_json import canonical
from event_log.connections import Pool
from event_log.state import Publication
from tests.faults.conftest import LONG, RULEBOOK
from tests.faults.pouring import pouring
from tests.faults.waiting import seconds_until
from tests.following import follow, followers
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold

INGESTERS = 4
PUBLICATIONS = 100 if LONG else 12
FACTS_BETWEEN = 3

pytestmark = pytest.mark.timeout(600 if LONG else 120)


@pytest.fixture
def pool(database: str) -> Iterator[Pool]:
    """As a follower has: with so many versions a fold takes longer than a writer may rest."""
    with closing(follower_pool(database)) as pool:
        yield pool


def test_a_rebuild_gives_the_rows_that_were_kept_while_rules_were_published(
    wired: Service, pool: Pool, database: str
) -> None:
    with following(wired, pool), ExitStack() as ingesters:
        for number in range(INGESTERS):
            ingesters.enter_context(pouring(wired, f"ingester {number}"))
        for turn in range(PUBLICATIONS):
            head = wired.log.reading.head()
            seconds_until(lambda head=head: wired.log.reading.head() >= head + FACTS_BETWEEN)  # type: ignore[misc]
            publish(wired, within_days=2 + turn % 6)
    follow(pool, wired.log.reading)
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0
    kept = all_rows(database)

    forget_rows(database)
    follow(pool, wired.log.reading, page=97)

    assert all_rows(database) == kept
    assert len({row.split("rulebook")[1] for row in kept["trail"]}) > PUBLICATIONS // 4


@contextmanager
def following(wired: Service, pool: Pool) -> Iterator[None]:
    """A follower works all the while, in small pages."""
    stopping = threading.Event()

    def work() -> None:
        at_work = followers(pool, wired.log.reading, page=7)
        while not stopping.is_set():
            at_work.step()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def publish(wired: Service, within_days: int) -> None:
    """Another version, in force from now: only its window differs."""
    document = read(RULEBOOK.replace("within: 7d", f"within: {within_days}d")).document
    text = canonical(document).decode()
    wired.log.publications.publish(
        "j", lambda present, now: Publication("j", 0, text, "", now - 400 * within_days, "a test", "a test", 0, 0)
    )


def forget_rows(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("select set_config('search_path', live_versions() || ', public', false)")
        owner.execute("truncate standing, stays, trail, opportunities, sellers, kept")
        owner.execute("update tracking set position = 0, worked_until = 0")
