"""Connections to Postgres that give up in time, and what a lost one means to the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from domain.refusals import StoreAway

Pool = ConnectionPool[Connection[TupleRow]]

LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout)
"""How psycopg says that the server is away, stopped us, or kept us waiting too long."""

ROLE = "trailbook_app"

# A generic plan made while the log was small would scan whole tables until the next analyze: hence custom plans.
_SETTINGS = """
select set_config('timezone', 'UTC', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('plan_cache_mode', 'force_custom_plan', false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('lock_timeout', %(lock)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false)
"""
_TAKE_ROLE = """
select set_config('role', rolname, false) from pg_roles where rolname = %s and pg_has_role(session_user, oid, 'member')
"""


def open_pool(
    conninfo: str,
    *,
    size: int = 8,
    statement_timeout: float = 30.0,
    lock_timeout: float = 4.0,
    idle_in_transaction: float = 2.0,
) -> Pool:
    """A pool of autocommit connections that work as the role ``trailbook_app``; the caller closes it. Times in seconds.

    It opens without waiting for the server: whoever needs a connection waits at most a second and gets ``StoreAway``.
    ``idle_in_transaction`` bounds how long a frozen process can hold the writers' lock.
    """

    def configure(connection: Connection[TupleRow]) -> None:
        times = {"statement": statement_timeout, "lock": lock_timeout, "idle": idle_in_transaction}
        connection.execute(_SETTINGS, {name: f"{round(seconds * 1000)}ms" for name, seconds in times.items()})
        connection.execute(_TAKE_ROLE, [ROLE])

    return ConnectionPool(
        conninfo,
        connection_class=Connection[TupleRow],
        kwargs={"autocommit": True, "connect_timeout": 2, "keepalives_idle": 5, "keepalives_interval": 2},
        min_size=1,
        max_size=size,
        timeout=1.0,
        # Short, so that the pool does not sleep on after the server has come back.
        reconnect_timeout=2.0,
        configure=configure,
        open=True,
    )


@contextmanager
def borrowed(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """A connection of the pool, found alive just now; what psycopg raises passes through."""
    connection = _alive(pool)
    try:
        yield connection
    finally:
        pool.putconn(connection)


@contextmanager
def reading(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """A connection to read with, in autocommit. Raises ``StoreAway``."""
    try:
        with borrowed(pool) as connection:
            yield connection
    except LOST as error:
        raise StoreAway() from error


def _alive(pool: Pool) -> Connection[TupleRow]:
    # The pool can check for itself, but then it sleeps a second for every dead connection it meets.
    for _ in range(pool.max_size):
        connection = pool.getconn()
        try:
            ConnectionPool.check_connection(connection)
        except LOST:
            pool.putconn(connection)
        else:
            return connection
    return pool.getconn()
