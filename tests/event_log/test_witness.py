"""A database that lacks what was acknowledged is found out before anything is read from it or stored in it."""

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from domain.refusals import LogWentBack
from event_log.connections import open_pool
from event_log.log import EventLog, open_log
from event_log.witness import Witness
from tests.event_log.given import MASTER_KEY, a_fact, facts, rows, stored


@pytest.fixture
def others(database: str) -> Iterator[EventLog]:
    """The log as those write to it who know nothing of what we have acknowledged."""
    pool = open_pool(database)
    yield open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    pool.close()


def goes_back(database: str, to: int) -> None:
    """As where a server takes over that had only come so far: it ends there, and all connections are new."""
    with psycopg.connect(database, autocommit=True) as owner:
        for table, column in (("entries", "notification_id"), ("ledger", "position")):
            owner.execute(f"alter table {table} disable trigger user".encode())
            owner.execute(f"delete from {table} where {column} > {to}".encode())
            owner.execute(f"alter table {table} enable trigger user".encode())
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_log_that_ends_earlier_is_refused_and_named(log: EventLog, database: str) -> None:
    stored(log, *facts(5))
    goes_back(database, to=3)

    with pytest.raises(LogWentBack, match="ends at position 3, and position 5 had been acknowledged"):
        log.intake.append([[a_fact("6")]])
    with pytest.raises(LogWentBack):
        log.reading.head()
    assert rows(database, "select max(position) from ledger") == [(3,)]


def test_a_log_that_has_grown_again_since_is_refused(log: EventLog, others: EventLog, database: str) -> None:
    stored(log, *facts(5))
    goes_back(database, to=3)
    stored(others, *facts(4, first=6))

    with pytest.raises(LogWentBack, match="At position 5 it holds another entry"):
        log.intake.append([[a_fact("6")]])
    assert others.reading.head() == 7


def test_what_was_known_last_counts(database: str) -> None:
    witness = Witness()
    with psycopg.connect(database) as connection:
        witness.examine(connection)
        for position in (2, 1):
            witness.saw(position, b"")
        with pytest.raises(LogWentBack, match="position 2 had been acknowledged"):
            witness.examine(connection)
