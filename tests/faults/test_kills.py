"""kill -9 of the service and of the worker, at every crash point of the source, while facts keep coming in.

Two kills at each point; TRAILBOOK_LONG=1: twenty.
"""

import itertools
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from api.wiring import Service
from event_log.follower import PAGE, Follower
from projections.journeys import JourneysProjection
from tests.faults.conftest import KEY, address_of
from tests.faults.ledger import Ledger, assert_nothing_lost_or_doubled
from tests.faults.processes import killed_at, running
from tests.faults.senders import PAUSE, a_fact, sending
from tests.faults.waiting import seconds_until
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "domain", "event_log", "projections")
POINTS = sorted(
    name
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    for name in re.findall(r'crashpoint\("([^"]+)"\)', path.read_text(encoding="utf-8"))
)
OF_THE_SERVICE = [point for point in POINTS if point.startswith("append.")]
OF_THE_WORKER = [point for point in POINTS if point.startswith("follow.")]
TIMES = 20 if os.environ.get("TRAILBOOK_LONG") == "1" else 2
"""Kills at each point."""

pytestmark = pytest.mark.timeout(60 + 30 * TIMES)


def test_every_crash_point_belongs_to_a_process_that_is_killed_there() -> None:
    assert len(OF_THE_SERVICE) >= 3
    assert len(OF_THE_WORKER) >= 3
    assert sorted(OF_THE_SERVICE + OF_THE_WORKER) == POINTS
    assert len(set(POINTS)) == len(POINTS)


def test_the_service_killed_in_the_middle_of_requests_loses_and_doubles_nothing(
    environment: dict[str, str], wired: Service, ledger: Ledger, database: str
) -> None:
    with sending(address_of(environment), KEY, ledger):
        for turn, point in itertools.product(range(TIMES), OF_THE_SERVICE):
            killed_at(point, 1 + turn * 13, "serve", environment)
            assert_nothing_lost_or_doubled(ledger, wired.log)
        with running("serve", environment):
            acked = ledger.acked
            seconds_until(lambda: ledger.acked > acked + 20)

    reckoning = assert_nothing_lost_or_doubled(ledger, wired.log)
    print(f"{TIMES * len(OF_THE_SERVICE)} kills of the service: {reckoning}, 0 lost, 0 doubled")
    follow(wired)
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0


def test_the_worker_killed_between_rows_and_position_leaves_rows_that_are_a_fresh_fold(
    environment: dict[str, str], wired: Service, database: str
) -> None:
    with pouring(wired):
        for turn, point in itertools.product(range(TIMES), OF_THE_WORKER):
            killed_at(point, 1 + turn % 4, "work", environment)
            assert_rows_are_a_fresh_fold(database, wired.log)

    with running("work", environment) as worker:
        seconds_until(lambda: wired.board.worked()[0] == wired.log.reading.head())
    assert worker.returncode == 0
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0
    follow(wired)
    kept = all_rows(database)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("truncate tracking, standing, stays, trail, opportunities, sellers")
    follow(wired, page=83)
    assert all_rows(database) == kept
    assert all(kept[table] for table in ("standing", "stays", "trail", "opportunities"))
    print(f"{TIMES * len(OF_THE_WORKER)} kills of the worker over {wired.log.reading.head()} entries")


def follow(wired: Service, page: int = PAGE) -> None:
    follower = Follower(wired.pool, wired.log.reading, JourneysProjection(), page)
    follower.begin()
    while follower.step():
        pass


@contextmanager
def pouring(wired: Service) -> Iterator[None]:
    """Facts of some customers go into the log all the while, many of them late."""
    stopping = threading.Event()

    def pour() -> None:
        for turn in itertools.count():
            wired.log.intake.append([[a_fact(str(turn), turn)]])
            if stopping.wait(PAUSE):
                return

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
