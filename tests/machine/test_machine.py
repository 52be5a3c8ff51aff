"""The service against a perfect memory, whatever is done to it.

TRAILBOOK_LONG=1 tries many times as much.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from api.app import create_app
from api.database_clock import DatabaseClock
from api.settings import Settings
from api.wiring import Service, service
from domain.instants import Instant
from tests.api.served import served
from tests.api.test_service import KEY
from tests.machine.machine import Machine
from tests.projections.world import LIVE, World

LONG = os.environ.get("TRAILBOOK_LONG") == "1"
SETTINGS = settings(
    max_examples=600 if LONG else 10,
    stateful_step_count=50 if LONG else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class AskedEachTime(DatabaseClock):
    """The machine turns the database's clock; nobody may remember it for a second."""

    def __init__(self, read: Callable[[], Instant]) -> None:
        self._read = read

    async def now(self) -> Instant:
        return self._read()


@pytest.fixture
def wired(database: str, tmp_path: Path) -> Iterator[Service]:
    with service(Settings(home=tmp_path), database) as wired:
        wired.keys.first_admin(KEY)
        yield replace(wired, clock=AskedEachTime(wired.log.reading.now))


@pytest.fixture
def world(database: str, wired: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Every step is foretold, also one that finds nothing to do.
    monkeypatch.setattr("event_log.follower.QUIET", 0)
    with psycopg.connect(database, autocommit=True) as owner:
        # One partition: what is worked in one step is then foretold by position alone.
        owner.execute("select make_live(make_journeys(1))")
        owner.execute(LIVE.encode())
        world = World(database, owner, wired.pool, wired.log, wired.board, wired.trail, wired.opportunities)
        world.unlocked()
        yield world


# The service runs in threads of this process, and its pool of connections uses `random` while hypothesis draws.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.timeout(7200 if LONG else 300)
def test_the_service_answers_as_a_perfect_memory_does(world: World, wired: Service) -> None:
    actor = wired.keys.actor(KEY)
    assert actor is not None
    by = str(actor.key)
    headers = {"Authorization": f"Bearer {KEY}"}
    with served(create_app(wired)) as address, httpx.Client(base_url=address, headers=headers, timeout=20) as client:

        class MachineOfThisWorld(Machine):
            def __init__(self) -> None:
                super().__init__(world, client, by)

        run_state_machine_as_test(MachineOfThisWorld, settings=SETTINGS)
