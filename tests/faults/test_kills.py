"""kill -9 at every crash point of the source, while facts keep coming in.

One kill at each point; TRAILBOOK_LONG=1: twenty.
"""

import itertools

import psycopg
import pytest

from api.wiring import Service
from event_log.follower import PAGE
from tests.faults.conftest import KEY, LONG, address_of, leases_end
from tests.faults.crash_points import OF_A_FILLING, OF_A_FOLLOWER, OF_A_REBUILD, OF_THE_SERVICE, POINTS
from tests.faults.ledger import Ledger, assert_nothing_lost_or_doubled
from tests.faults.pouring import pouring
from tests.faults.processes import killed_at, running
from tests.faults.senders import sending
from tests.faults.waiting import seconds_until
from tests.following import follow as follow_all
from tests.projections.fresh import all_rows, assert_rows_are_a_fresh_fold

TIMES = 20 if LONG else 1
"""Kills at each point."""

pytestmark = pytest.mark.timeout(60 + 60 * TIMES)


def test_every_crash_point_is_one_at_which_some_process_is_killed_below() -> None:
    assert len(OF_THE_SERVICE) >= 3
    assert len(OF_A_FOLLOWER) >= 3
    assert len(OF_A_FILLING) >= 1
    assert len(OF_A_REBUILD) >= 2
    assert sorted(OF_THE_SERVICE + OF_A_FOLLOWER + OF_A_FILLING + OF_A_REBUILD) == POINTS
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
    print(f"{TIMES * len(OF_THE_SERVICE)} kills of the service: {reckoning}")
    follow(wired)
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0


def test_a_follower_killed_between_rows_and_position_leaves_rows_that_are_a_fresh_fold(
    environment: dict[str, str], wired: Service, database: str
) -> None:
    with pouring(wired):
        for turn, point in itertools.product(range(TIMES), OF_A_FOLLOWER):
            killed_at(point, 1 + turn % 4, "work", environment)
            assert_rows_are_a_fresh_fold(database, wired.log)
            leases_end(database)

    with running("work", environment) as worker:
        seconds_until(lambda: wired.board.worked()[0] == wired.log.reading.head())
    assert worker.returncode == 0
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0
    follow(wired)
    kept = all_rows(database)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("select set_config('search_path', live_versions() || ', public', false)")
        owner.execute("truncate standing, stays, trail, opportunities, sellers, kept")
        owner.execute("update tracking set position = 0, worked_until = 0")
    follow(wired, page=83)
    assert all_rows(database) == kept
    assert all(kept[table] for table in ("standing", "stays", "trail", "opportunities"))
    print(f"{TIMES * len(OF_A_FOLLOWER)} kills of a follower over {wired.log.reading.head()} entries")


def test_a_rebuild_killed_at_any_point_goes_on_and_goes_live_whole(
    environment: dict[str, str], wired: Service, database: str
) -> None:
    with pouring(wired):
        wired.archive.keep_up()
        for _, point in itertools.product(range(TIMES), [*OF_A_FILLING, "follow.before_commit", *OF_A_REBUILD]):
            # One that was begun is gone on with.
            built = wired.rebuild.begin()
            killed_at(point, 2 if point.startswith("follow.") else 1, "work", environment)
            leases_end(database)
        with running("work", environment):
            seconds_until(lambda: wired.rebuild.building() is None)
    assert live_version(wired) == built
    follow(wired)
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0


def follow(wired: Service, page: int = PAGE) -> None:
    follow_all(wired.pool, wired.log.reading, page)


def live_version(wired: Service) -> int:
    (live,) = (one.version for one in wired.operating.status().versions if one.state == "live")
    return live
