"""A primary dies and its standby takes over while facts keep coming in: nothing lost, or the loss is told.

One fail-over; TRAILBOOK_LONG=1: ten, each with a new standby.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.embedded_postgres import EmbeddedPostgres
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from domain.refusals import FateUnknown
from event_log.connections import open_pool
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from migrations.apply import migrate
from tests.event_log.given import MASTER_KEY, a_fact, rows
from tests.faults.conftest import KEY, LONG, RULEBOOK, address_of, environment_of
from tests.faults.ledger import Ledger, assert_nothing_lost_or_doubled
from tests.faults.processes import running
from tests.faults.senders import sending
from tests.faults.standby import Standby, execute, kill, reachable, waits_for_a_standby, whichever_writes
from tests.faults.waiting import seconds_until
from tests.projections.fresh import assert_rows_are_a_fresh_fold

TIMES = 10 if LONG else 1

pytestmark = pytest.mark.timeout(90 + 60 * TIMES)


@pytest.fixture
def primary(open_folder: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(open_folder / tmp_path.name / "primary") as primary:
        yield primary


@pytest.fixture
def standby(primary: EmbeddedPostgres) -> Iterator[Standby]:
    with Standby(primary.home.with_name("standby"), primary) as standby:
        yield standby


@contextmanager
def a_service(conninfo: str, home: Path) -> Iterator[Service]:
    with service(Settings(home=home), conninfo) as wired:
        # One partition, so that all rows are of one position.
        rows(conninfo, "select make_live(make_journeys(1))")
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        yield wired


def test_with_a_synchronous_standby_nothing_acknowledged_is_lost(
    primary: EmbeddedPostgres, standby: Standby, tmp_path: Path, ledger: Ledger
) -> None:
    both = whichever_writes(primary, standby)
    environment = environment_of(both, tmp_path)
    with ExitStack() as later, a_service(both, tmp_path) as wired:
        with (
            running("serve", environment) as api,
            running("work", environment) as worker,
            sending(address_of(environment), KEY, ledger, pace=0.03),
        ):
            writing, following = primary, standby
            for turn in range(TIMES):
                waits_for_a_standby(writing)
                seconds_until(ledger.has_grown(by=30))
                kill(writing)
                following.promote()
                print(f"acknowledged again {seconds_until(ledger.has_grown(by=10)):.1f} s after the fail-over")
                if turn + 1 < TIMES:
                    next_one = Standby(primary.home.with_name(f"standby-{turn}"), following)
                    next_one.port = writing.port
                    writing, following = following, later.enter_context(next_one)
            head = wired.log.reading.head()
            seconds_until(lambda: wired.board.worked()[0] >= head)
        assert (api.returncode, worker.returncode) == (0, 0)

        print(assert_nothing_lost_or_doubled(ledger, wired.log))
        assert assert_rows_are_a_fresh_fold(both, wired.log) > 0


def test_without_one_the_loss_is_told_and_nothing_is_stored_in_its_place(
    primary: EmbeddedPostgres, standby: Standby, tmp_path: Path, ledger: Ledger
) -> None:
    both = whichever_writes(primary, standby)
    environment = environment_of(both, tmp_path)
    with a_service(both, tmp_path) as wired:
        with running("serve", environment), sending(address_of(environment), KEY, ledger, pace=0.03):
            seconds_until(ledger.has_grown(by=10))
            standby.stop()
            seconds_until(ledger.has_grown(by=10))
            kill(primary)
            standby.start()
            standby.promote()
            ((had,),) = execute(standby, "select max(position) from ledger")

            seconds_until(lambda: "log-went-back" in asked(environment).text)
            acked = ledger.acked
            said = [asked(environment).json() for _ in range(6)]

            # Who waited too long for a connection is told only that there is none.
            told = [one["detail"] for one in said if one["type"].endswith("log-went-back")]
            assert {one["status"] for one in said} == {503}
            assert told
            assert all(f"ends at position {had}," in detail for detail in told)
            assert execute(standby, "select max(position) from ledger") == [(had,)]
            assert ledger.acked == acked

            standby.stop()
            primary.start()
            seconds_until(ledger.has_grown(by=10))
        assert_nothing_lost_or_doubled(ledger, wired.log)


def test_what_only_the_primary_has_is_acknowledged_to_nobody(primary: EmbeddedPostgres, standby: Standby) -> None:
    """A commit that is interrupted while it waits for the standby is done all the same, on the primary alone."""
    migrate(primary.conninfo)
    with a_log(primary) as log, ThreadPoolExecutor(1) as beside:
        waits_for_a_standby(primary)
        standby.stop()
        storing = beside.submit(log.intake.append, [[a_fact()]])
        seconds_until(standby_awaited(primary))
        execute(primary, "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
        seconds_until(lambda: execute(primary, "select max(position) from ledger") == [(1,)])
        # The lost connection is settled by reading back: that waits as well.
        seconds_until(standby_awaited(primary))
        kill(primary)
    with pytest.raises(FateUnknown):
        storing.result()
    primary.start()

    with a_log(primary) as log, ThreadPoolExecutor(1) as beside:
        again = beside.submit(log.intake.append, [[a_fact()]])
        # So does who sends it once more and finds it stored.
        seconds_until(standby_awaited(primary))
        standby.start()

        assert again.result() == [Stored(accepted=0, duplicates=1, position=1)]
    assert execute(standby, "select max(position) from ledger") == [(1,)]


@contextmanager
def a_log(server: EmbeddedPostgres) -> Iterator[EventLog]:
    pool = open_pool(reachable(server))
    try:
        yield open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    finally:
        pool.close()


def standby_awaited(primary: EmbeddedPostgres) -> Callable[[], bool]:
    return lambda: execute(primary, "select pid from pg_stat_activity where wait_event = 'SyncRep'") != []


def asked(environment: dict[str, str]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.get(f"{address_of(environment)}/v1/facts?limit=1", headers=headers, timeout=10)
