"""The database itself keeps a seller's connection to own customers, and to reading."""

import os
from collections.abc import Iterator, Mapping
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from domain.refusals import SellersShutOut, UnknownCustomer
from event_log.connections import Pool, borrowed, open_pool, reading
from event_log.log import EventLog, open_log
from event_log.reading import Reading
from event_log.recorder import LogRecorder
from migrations.apply import migrate
from tests.event_log.given import MASTER_KEY, a_fact, a_publication, rows, stored

CUSTOMERS_OF = {
    "entries": "originator_id",
    "ledger": "customer",
    "customers": "customer",
    "customer_keys": "customer",
    "parked": "customer",
    "standing": "customer",
    "stays": "customer",
    "trail": "customer",
    "opportunities": "customer",
    "kept": "customer",
    "sellers": "customer",
}
"""Every table that holds customers, and the column that says whose row it is."""

NOT_FOR_SELLERS = {
    *("api_keys", "followers", "log_identity", "schema_migrations"),
    *("archive", "archive_segments", "backtests", "backtest_differing"),
    *(f"entries_{n}" for n in range(8)),
}
FOR_ALL = {"positions", "tracking", "projection_versions", "progress", "live_sellers"}

DERIVED = ("standing", "stays", "trail", "opportunities", "kept", "parked")
SAMPLES = {"text": "x", "bigint": 1, "integer": 1, "jsonb": "{}", "ARRAY": "{}", "bytea": b"x", "boolean": True}
OF_THE_LIVE_VERSION = {"projection": "journeys", "version": 1}
MUST_HAVE = """
select column_name, data_type from information_schema.columns
where table_name = %s and is_nullable = 'NO' and column_default is null and is_identity = 'NO'
"""
TABLES = """
select relname, relrowsecurity, has_any_column_privilege('trailbook_seller', oid, 'select') from pg_class
where relkind in ('r', 'p', 'v', 'm') and relnamespace in ('public'::regnamespace, 'journeys_1'::regnamespace)
"""

MAY_WRITE = """
select relname from pg_class
where relkind in ('r', 'p', 'v', 'm') and relnamespace in ('public'::regnamespace, 'journeys_1'::regnamespace)
  and (has_any_column_privilege('trailbook_seller', oid, 'insert, update')
       or has_table_privilege('trailbook_seller', oid, 'insert, update, delete, truncate, references, trigger'))
"""


@pytest.fixture
def sellers(pool: Pool, log: EventLog) -> Pool:
    """Two sellers with a customer each, and a customer of nobody; what is derived stands in for the projections."""
    for customer, staff in (("hers", "zhang"), ("his", "li"), ("nobodys", None)):
        stored(log, a_fact(customer, customer=customer))
        number = log.reading.number(customer)
        with borrowed(pool) as connection:
            for table in DERIVED:
                a_row(connection, table, {"customer": number} | (OF_THE_LIVE_VERSION if table == "parked" else {}))
            if staff is not None:
                a_row(connection, "sellers", {"customer": number, "staff": staff})
    log.publications.publish("course-sales", lambda present, now: a_publication())
    return pool


def a_row(connection: Connection[TupleRow], table: str, given: Mapping[str, object]) -> None:
    """Some row: what is given, and anything in the other columns that must have something."""
    wanted = {name: SAMPLES.get(kind) for name, kind in connection.execute(MUST_HAVE, [table])} | dict(given)
    places = ", ".join(["%s"] * len(wanted))
    statement = f"insert into {table} ({', '.join(wanted)}) values ({places})"
    connection.execute(statement.encode(), list(wanted.values()))


def rows_of(pool: Pool, query: str) -> list[TupleRow]:
    with borrowed(pool) as connection:
        return connection.execute(query.encode()).fetchall()


def seen(pool: Pool, table: str) -> int:
    return len(rows_of(pool, f"select from {table}"))


def test_plain_sql_shows_a_seller_the_rows_of_own_customers(sellers: Pool, log: EventLog) -> None:
    own = log.reading.number("hers")
    (publication,) = rows_of(sellers, "select originator_id from entries where topic = 'rulebook-published'")
    for table, customer in CUSTOMERS_OF.items():
        query = f"select {customer} from {table}"
        shown, all_there_are = rows_of(sellers.seen_by("zhang"), query), rows_of(sellers, query)

        assert [row for row in shown if row != publication] == [(own,)], table
        assert len(all_there_are) >= (2 if table == "sellers" else 3), table


def test_every_table_is_either_kept_to_own_customers_or_meant_for_all_or_closed(database: str) -> None:
    found = rows(database, TABLES)

    assert {name for name, kept, readable in found if kept and readable} == set(CUSTOMERS_OF)
    assert {name for name, kept, readable in found if readable and not kept} == FOR_ALL
    assert {name for name, _, readable in found if not readable} == NOT_FOR_SELLERS


def test_only_a_sellers_plan_asks_whose_customer_she_is(sellers: Pool) -> None:
    page = "explain select * from entries where notification_id > 0 order by notification_id limit 10"

    plans = [str(rows_of(pool, page)) for pool in (sellers, sellers.seen_by("zhang"))]

    assert ["sellers" in plan for plan in plans] == [False, True]


def test_a_seller_writes_nothing(sellers: Pool, database: str) -> None:
    assert rows(database, MAY_WRITE) == []
    for change in ("delete from stays", "update sellers set staff = 'zhang'", "truncate standing"):
        with borrowed(sellers.seen_by("zhang")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change.encode())


def test_a_seller_without_customers_sees_nobody(sellers: Pool) -> None:
    for staff in ("", "wang", "zhang' or true --"):
        assert {table: seen(sellers.seen_by(staff), table) for table in CUSTOMERS_OF} == {
            table: 1 if table == "entries" else 0 for table in CUSTOMERS_OF
        }


def test_the_role_alone_sees_nobody(sellers: Pool, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("set role trailbook_seller")
        assert connection.execute("select count(*) from customers").fetchone() == (0,)


def test_nothing_remains_for_the_next_who_borrows_the_connection(database: str, log: EventLog, sellers: Pool) -> None:
    alone = open_pool(database, size=1)
    hers, his = alone.seen_by("zhang"), alone.seen_by("li")
    assert [seen(pool, "customers") for pool in (hers, alone, his, alone)] == [1, 3, 1, 3]

    with pytest.raises(psycopg.errors.InsufficientPrivilege), borrowed(hers) as connection, connection.transaction():
        connection.execute("select hash from api_keys")
    assert seen(alone, "customers") == 3

    with pytest.raises(psycopg.errors.DivisionByZero), borrowed(alone) as connection, connection.transaction():
        connection.execute("select 1 / 0")
    with borrowed(hers) as connection:
        assert connection.execute("select current_user, count(*) from customers").fetchone() == ("trailbook_seller", 1)
    with borrowed(alone) as connection:
        row = connection.execute("select current_user, current_setting('trailbook.staff')").fetchone()
    assert row == ("trailbook_app", "")
    alone.close()


def test_the_log_read_by_a_seller_ends_where_it_ends_and_knows_own_customers(sellers: Pool, log: EventLog) -> None:
    hers = sellers.seen_by("zhang")
    read = Reading(hers, LogRecorder(hers), log.master)

    assert read.head() == log.reading.head() == 4
    assert read.position_at(read.now()) == 4
    assert read.publications() == log.reading.publications()
    assert read.customer("hers") == log.reading.customer("hers")
    for other in ("his", "nobodys", "never was"):
        with pytest.raises(UnknownCustomer):
            read.customer(other)


@pytest.fixture
def a_login(postgres: str) -> Iterator[str]:
    """A login that is no superuser, with a database of its own; it is no member of our roles yet."""
    name = f"login_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create role {name} login password 'x'".encode())
        connection.execute(f"create database {name} owner {name}".encode())
        yield make_conninfo(postgres, user=name, password="x", dbname=name)
        connection.execute(f"drop database {name} with (force)".encode())
        connection.execute(f"drop role {name}".encode())


@pytest.mark.parametrize("member", [True, False])
def test_a_login_without_our_roles_lets_no_seller_in(a_login: str, postgres: str, member: bool, template: str) -> None:
    if member:
        with psycopg.connect(postgres, autocommit=True) as connection:
            login = conninfo_to_dict(a_login)["user"]
            connection.execute(f"grant trailbook_app, trailbook_seller to {login}".encode())
    migrate(a_login)
    pool = open_pool(a_login)
    stored(open_log(pool, MASTER_KEY, uuid4, os.urandom, {}), a_fact())

    assert seen(pool, "customers") == 1
    if member:
        assert seen(pool.seen_by("li"), "customers") == 0
    else:
        with pytest.raises(SellersShutOut), reading(pool.seen_by("li")):
            pass
        assert seen(pool, "customers") == 1
    pool.close()
