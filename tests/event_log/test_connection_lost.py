"""The database away, gone in the middle, or silent at COMMIT: an honest answer, soon, and nothing twice."""

import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.refusals import FateUnknown, StoreAway
from event_log.connections import open_pool
from event_log.judging import Stored
from event_log.log import EventLog, open_log
from tests.event_log.given import MASTER_KEY, a_fact, a_publication, rows, stored
from tests.faults.wire import Wire, wire


@pytest.fixture
def line(database: str) -> Iterator[Wire]:
    with wire(database) as between:
        yield between


@pytest.fixture
def wired_log(line: Wire) -> Iterator[EventLog]:
    pool = open_pool(line.conninfo, size=2)
    yield open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    pool.close()


def test_an_answer_lost_at_commit_is_settled_by_reading_back(line: Wire, wired_log: EventLog) -> None:
    stored(wired_log, a_fact("0"))
    line.swallow = 1
    outcomes = wired_log.intake.append([[a_fact("0"), a_fact("1")], [a_fact("0", other=1)], [a_fact("2")]])
    assert line.swallow == 0
    assert outcomes[0] == Stored(accepted=1, duplicates=1, position=2)
    assert outcomes[2] == Stored(accepted=1, duplicates=0, position=3)
    assert wired_log.reading.head() == 3


def test_a_commit_that_never_arrived_is_done_again(line: Wire, wired_log: EventLog) -> None:
    stored(wired_log, a_fact("0"))
    line.cut = 1
    assert stored(wired_log, a_fact("1")) == Stored(accepted=1, duplicates=0, position=2)
    assert line.cut == 0
    assert wired_log.reading.head() == 2


def test_a_publication_is_settled_too(line: Wire, wired_log: EventLog) -> None:
    line.swallow = 1
    published = wired_log.publications.publish("course-sales", lambda present, now: a_publication())
    assert wired_log.publications.of("course-sales") == [published]


def test_where_it_cannot_be_settled_the_answer_says_so(line: Wire, wired_log: EventLog, log: EventLog) -> None:
    line.swallow = 2
    with pytest.raises(FateUnknown, match="send the same again"):
        wired_log.intake.append([[a_fact("1")]])
    assert stored(log, a_fact("1")) == Stored(accepted=0, duplicates=1, position=1)


def test_connections_cut_behind_our_back_are_not_noticed(log: EventLog, database: str) -> None:
    stored(log, a_fact("1"))
    assert rows(database, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()") != [(0,)]  # fmt: skip
    assert stored(log, a_fact("2")).position == 2


def test_a_database_away_is_said_within_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    pool = open_pool(make_conninfo(host="127.0.0.1", port=port, user="nobody", dbname="nothing"))
    begun = time.monotonic()
    with pytest.raises(StoreAway, match="nothing was stored"):
        open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    pool.close()
    assert time.monotonic() - begun < 2


def test_the_lock_held_too_long_is_said(database: str) -> None:
    pool = open_pool(database, lock_timeout=0.2)
    log = open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
    with psycopg.connect(database) as holder:
        holder.execute("select pg_advisory_xact_lock(8241001)")
        with pytest.raises(StoreAway):
            log.intake.append([[a_fact()]])
        with pytest.raises(StoreAway):
            log.reading.position_at(log.reading.now())
    stored(log, a_fact())
    pool.close()


FROZEN_WRITER = """
    import os, signal, sys
    from event_log.connections import borrowed, open_pool
    pool = open_pool(sys.argv[1], idle_in_transaction=0.3)
    with borrowed(pool) as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(8241001)")
        print("held", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_frozen_writer_does_not_hold_the_others_up(log: EventLog, database: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FROZEN_WRITER), database], stdout=subprocess.PIPE, text=True
    ) as frozen:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == "held\n"
        begun = time.monotonic()
        stored(log, a_fact())
        assert time.monotonic() - begun < 3
        frozen.kill()
