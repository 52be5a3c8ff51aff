"""A reader that has seen position p never later finds a new entry at or below p, however many write."""

import os

import psycopg
import pytest

from event_log.log import EventLog
from tests.event_log.given import a_fact, rows, stored
from tests.event_log.race import race

SECONDS = float(os.environ.get("TRAILBOOK_RACE_SECONDS", "2"))


def test_a_tailing_reader_misses_nothing_and_there_are_no_holes(database: str) -> None:
    result = race(database, SECONDS)
    assert len(result.written) > 20
    assert result.reads > 20
    assert result.seen == list(range(1, len(result.written) + 1))
    assert sorted(result.written) == result.seen
    broken = "select count(*) from ledger later join ledger earlier on earlier.position = later.position - 1 " \
             "where later.recorded_at < earlier.recorded_at"  # fmt: skip
    assert rows(database, broken) == [(0,)]
    versions = (
        "select count(*) from (select max(originator_version) <> count(*) as hole from entries group by originator_id)"
    )
    assert rows(database, versions + " as streams where hole") == [(0,)]


def test_an_aborted_transaction_leaves_no_hole(log: EventLog) -> None:
    stored(log, a_fact("1"))
    with pytest.raises(ZeroDivisionError):
        log.recorder.write((), lambda writing: writing.head // 0)
    assert stored(log, a_fact("2")).position == 2


INSERT_WITHOUT_LOCK = """
    insert into ledger (position, customer, version, recorded_at, leaf_hash)
    select coalesce(max(position), 0) + 1, gen_random_uuid(), 1, instant_now(), '' from ledger
"""


def test_a_writer_without_the_lock_cannot_commit(log: EventLog, database: str) -> None:
    # It reads the head while an honest writer is at work and waits on the position that one takes.
    with psycopg.connect(database) as rogue, psycopg.connect(database) as honest:
        honest.execute("select pg_advisory_xact_lock(8241001)")
        honest.execute(INSERT_WITHOUT_LOCK.encode())
        rogue.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable), rogue.transaction():
            rogue.execute(INSERT_WITHOUT_LOCK.encode())
        rogue.execute("create temp table read as select max(position) + 1 as position from ledger")
        honest.commit()
        with pytest.raises(psycopg.errors.UniqueViolation) as refusal:
            rogue.execute(
                "insert into ledger (position, customer, version, recorded_at, leaf_hash) "
                "select coalesce(position, 1), gen_random_uuid(), 1, 0, '' from read"
            )
        assert refusal.value.diag.constraint_name == "ledger_pkey"


def test_an_honest_writer_overtaken_by_one_without_the_lock_goes_on(log: EventLog, database: str) -> None:
    with psycopg.connect(database) as rogue:
        taken = False

        def overtaken(writing: object) -> None:
            nonlocal taken
            if not taken:
                rogue.execute(INSERT_WITHOUT_LOCK.encode())
                rogue.commit()
                taken = True
                raise psycopg.errors.UniqueViolation

        log.recorder.write((), overtaken)
    assert stored(log, a_fact("1")).position == 2


def test_no_text_of_a_sender_shows_in_a_violation(log: EventLog, database: str) -> None:
    stored(log, a_fact("1", customer="secret-subject"))
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation) as refusal:
        connection.execute("insert into customers select subject_hash, gen_random_uuid(), subject from customers")
    assert "secret-subject" not in str(refusal.value)
