"""An entry that nobody can read blocks its customer and hinders no other; mended, she is as if nothing had been."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow
from pydantic import SecretStr

from api.settings import Settings
from api.wiring import Service
from domain.facts import Fact
from tests.faults.senders import BEGINNING
from tests.faults.waiting import seconds_until
from tests.faults.working import is_followed, working
from tests.following import follow
from tests.projections.fresh import assert_rows_are_a_fresh_fold

SOON = 1.0
Stored = tuple[str, bytes]
"""Topic and state of an entry."""
POISON: Mapping[str, Callable[[str, bytes], Stored]] = {
    "a topic that names a module": lambda topic, state: ("os:system", state),
    "a state of a newer release": lambda topic, state: (topic, state.replace(b'"v":1', b'"v":9')),
    "a broken seal": lambda topic, state: (topic, state.replace(b'"box":"', b'"box":"AAAA')),
    "no JSON": lambda topic, state: (topic, b"\0" + state),
}


@pytest.mark.parametrize("how", POISON)
def test_poison_blocks_its_customer_and_no_other(wired: Service, database: str, tmp_path: Path, how: str) -> None:
    send(wired, "1", "bad")
    send(wired, "2", "good")
    with poisoned(database, POISON[how]):
        with working(Settings(home=tmp_path, database_url=SecretStr(database))):
            seconds_until(lambda: is_followed(wired))
            assert parked(wired) == [("bad", "EntryDamaged")]
            waits = []
            for turn in range(3, 6):
                send(wired, str(turn), "good")
                waits.append(seconds_until(lambda: is_followed(wired)))
        assert sorted(waits)[len(waits) // 2] < SOON, waits

    wired.operating.try_again(parked_at(wired))
    follow(wired.pool, wired.log.reading)

    assert parked(wired) == []
    assert assert_rows_are_a_fresh_fold(database, wired.log) == 2


def send(wired: Service, id: str, customer: str) -> None:
    wired.log.intake.append([[Fact("s", id, "y", customer, BEGINNING)]])


@contextmanager
def poisoned(database: str, change: Callable[[str, bytes], Stored]) -> Iterator[None]:
    """The entry at position 2 is changed, and mended at the end."""
    with psycopg.connect(database, autocommit=True) as owner:
        for (table,) in owner.execute("select relid::regclass::text from pg_partition_tree('entries')").fetchall():
            owner.execute(f"alter table {table} disable trigger kept".encode())
        ((topic, state),) = owner.execute("select topic, state from entries where notification_id = 2")
        put(owner, change(topic, state))
        yield
        put(owner, (topic, state))


def put(owner: psycopg.Connection[TupleRow], stored: Stored) -> None:
    owner.execute("update entries set topic = %s, state = %s where notification_id = 2", stored)


def parked(wired: Service) -> list[tuple[str | None, str]]:
    return [(one.customer, one.reason) for one in wired.operating.parked(0, 10)]


def parked_at(wired: Service) -> int:
    (one,) = wired.operating.parked(0, 10)
    return one.position
