"""The database itself refuses to change the log: by trigger for whoever may, by role for the service."""

import psycopg
import pytest

from event_log.connections import Pool, borrowed
from event_log.log import EventLog
from tests.event_log.given import a_fact, stored

CHANGES = [
    change.format(table).encode()
    for change in ("update {} set recorded_at = 0", "delete from {}", "truncate {}")
    for table in ("entries", "entries_0", "entries_7", "ledger")
]


def test_a_superuser_is_refused_by_trigger(log: EventLog, database: str) -> None:
    stored(log, a_fact())
    with psycopg.connect(database, autocommit=True) as connection:
        # Neither an ordinary session may, nor one that plays a replica, where ordinary triggers sleep.
        for role in (b"origin", b"replica"):
            connection.execute(b"set session_replication_role = " + role)
            for change in CHANGES:
                with pytest.raises(psycopg.errors.RestrictViolation, match="kept for ever"):
                    connection.execute(change)
    assert log.reading.head() == 1


def test_the_service_has_no_right_to(pool: Pool) -> None:
    with borrowed(pool) as connection:
        for change in CHANGES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)


def test_the_service_works_as_its_role_and_in_bounded_time(pool: Pool) -> None:
    with borrowed(pool) as connection:
        row = connection.execute(
            "select current_user, current_setting('idle_in_transaction_session_timeout'), "
            "current_setting('lock_timeout'), current_setting('transaction_isolation')"
        ).fetchone()
    assert row == ("trailbook_app", "2s", "1500ms", "read committed")


def test_entries_enter_through_the_parent_only(pool: Pool) -> None:
    with borrowed(pool) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("insert into entries_0 select * from entries")


def test_keys_and_names_may_be_deleted(log: EventLog, pool: Pool) -> None:
    stored(log, a_fact())
    with borrowed(pool) as connection:
        assert connection.execute("delete from customer_keys").rowcount == 1
        assert connection.execute("delete from customers").rowcount == 1


def test_what_later_migrations_make_is_the_services_to_change(pool: Pool, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table later (n integer)")
    with borrowed(pool) as connection:
        connection.execute("insert into later values (1)")
        connection.execute("update later set n = 2")
        connection.execute("truncate later")
