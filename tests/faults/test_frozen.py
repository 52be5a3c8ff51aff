"""A process that stops at the worst moment and later goes on, as after a pause of its machine: others take over.

A lease is ended by hand; TRAILBOOK_LONG=1: it is waited for, also where the frozen one is within a transaction.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from api.wiring import Service
from domain.facts import Fact
from event_log.judging import Stored
from tests.faults.conftest import KEY, LONG, address_of, leases_end
from tests.faults.pouring import pouring
from tests.faults.processes import has_stopped, running, thaw
from tests.faults.senders import BEGINNING
from tests.faults.waiting import seconds_until
from tests.projections.fresh import assert_rows_are_a_fresh_fold

LONG_MOMENTS = ["follow.rows_without_position", "follow.before_commit"]
"""Within a transaction: others wait until the database has ended it, about as long as a lease more."""

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("moment", ["follow.after_commit", *(LONG_MOMENTS if LONG else [])])
def test_a_frozen_follower_is_replaced_and_writes_no_more(
    environment: dict[str, str], wired: Service, database: str, moment: str
) -> None:
    frozen_there = {**environment, "TRAILBOOK_CRASH_AT": f"{moment}:3:freeze"}
    with pouring(wired), running("work", frozen_there) as leader:
        seconds_until(lambda: has_stopped(leader.pid))
        epoch = epoch_of(database)
        if not LONG:
            leases_end(database)
        with running("work", environment) as other:
            taken = seconds_until(lambda: epoch_of(database) > epoch, within=60)
            print(f"{moment}: taken over after {taken:.1f} s")
            taken_over = epoch_of(database)
            follows(wired)
            thaw([leader.pid])
            follows(wired)
            assert still_runs(leader)
            assert epoch_of(database) == taken_over
    assert (leader.returncode, other.returncode) == (0, 0)
    assert assert_rows_are_a_fresh_fold(database, wired.log) > 0


def test_a_service_frozen_under_the_writers_lock_holds_nobody_up_and_answers_when_it_wakes(
    environment: dict[str, str], wired: Service
) -> None:
    frozen_there = {**environment, "TRAILBOOK_CRASH_AT": "append.before_commit:1:freeze"}
    with running("serve", frozen_there) as frozen, ThreadPoolExecutor(1) as sender:
        seconds_until(lambda: is_ready(environment))
        answer = sender.submit(send, environment, a_fact("of the frozen"))
        seconds_until(lambda: has_stopped(frozen.pid))

        # Until the database has ended the frozen one's transaction.
        seconds_until(lambda: is_stored(wired, a_fact("of another")), within=10)
        thaw([frozen.pid])

        assert answer.result().status_code in (201, 503)
        # Whatever it was told, the same is sent again and is there once.
        assert send(environment, a_fact("of the frozen")).status_code in (200, 201)
    stored = [fact.id for fact in wired.log.reading.page(0, 100).facts if isinstance(fact, Fact)]
    assert sorted(stored) == ["of another", "of the frozen"]


def follows(wired: Service) -> None:
    head = wired.log.reading.head()
    seconds_until(lambda: wired.board.worked()[0] >= head)


def still_runs(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def epoch_of(database: str) -> int:
    """Of the one partition: another, and higher, each time it changes hands."""
    with psycopg.connect(database) as owner:
        ((epoch,),) = owner.execute(
            "select epoch from tracking join projection_versions using (projection, version) where state = 'live'"
        )
        return int(epoch)


def a_fact(id: str) -> Fact:
    return Fact("sender", id, "x", "c", BEGINNING)


def send(environment: dict[str, str], fact: Fact) -> httpx.Response:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cloudevents+json"}
    return httpx.post(f"{address_of(environment)}/v1/facts", json=fact.event(), headers=headers, timeout=30)


def is_ready(environment: dict[str, str]) -> bool:
    try:
        return httpx.get(f"{address_of(environment)}/livez").status_code == 200
    except httpx.TransportError:
        return False


def is_stored(wired: Service, fact: Fact) -> bool:
    (outcome,) = wired.log.intake.append([[fact]])
    return isinstance(outcome, Stored)
