"""The story of `exchanges.py` on a real server, each time with the same clock, numbers and keys."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import psycopg
import pytest

from api.app import create_app
from api.running_backtest import run_kept
from api.settings import Settings
from api.wiring import Service, service
from domain.instants import DAY, Instant
from event_log.followers import Followers
from tests.api.exchanges import BEGIN, Exchange, Teller, paths_of, tell
from tests.api.served import served
from tests.api.test_service import KEY
from tests.following import followers

PARK: Final = """
insert into parked (projection, version, customer, position, reason)
select projection, version, %s, %s, 'EntryDamaged' from projection_versions where state = 'live'
"""


@dataclass(frozen=True, slots=True)
class Story:
    """What was told, and where the server still answers; its clock stands still."""

    service: Service
    address: str
    exchanges: list[Exchange]


@contextmanager
def told_once(database: str, home: Path) -> Iterator[Story]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        _made_the_same(),
        service(Settings(home=home), database) as wired,
        psycopg.connect(database, autocommit=True) as owner,
    ):
        it_is = _clock(owner)
        it_is(BEGIN - DAY)
        wired.keys.first_admin(KEY)
        app = create_app(wired)

        def park(customer: str, position: int) -> None:
            owner.execute(PARK, [wired.log.reading.number(customer), position])

        def backtest() -> None:
            runner = UUID(int=1)
            id = wired.backtests.take(runner)
            assert id is not None
            run_kept(wired, id, runner)

        started = followers(wired.pool, wired.log.reading)
        with served(app) as address, httpx.Client(base_url=address, headers=headers, timeout=20) as client:
            exchanges = tell(Teller(client, paths_of(app.openapi()), it_is, lambda: _follow(started), park, backtest))
            yield Story(wired, address, exchanges)


@contextmanager
def _made_the_same() -> Iterator[None]:
    numbers = (UUID(int=(0x5EED << 112) | number) for number in itertools.count(1))
    secrets = (f"shown-once-{number:031d}" for number in itertools.count(1))
    with pytest.MonkeyPatch.context() as patch:
        for module in ("wiring", "keyring", "idempotency", "asking_backtests"):
            patch.setattr(f"api.{module}.uuid4", lambda: next(numbers))
        patch.setattr("api.keyring.secrets.token_urlsafe", lambda _: next(secrets))
        yield


def _clock(owner: psycopg.Connection[Any]) -> Callable[[Instant], None]:
    def set_to(now: Instant) -> None:
        clock = f"create or replace function instant_now() returns bigint language sql volatile return {now}::bigint"
        owner.execute(clock.encode())

    return set_to


def _follow(started: Followers) -> None:
    while started.step():
        pass
