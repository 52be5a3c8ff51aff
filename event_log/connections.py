"""Connections to Postgres that give up in time, whose eyes they read with, and what a lost one means to the caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from domain.refusals import SellersShutOut, StoreAway
from event_log.columns import take_columns
from event_log.named_sql import named_queries
from event_log.witness import Witness

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout)
"""How psycopg says that the server is away, stopped us, or kept us waiting too long."""

_NO_ROLE = (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege)


@dataclass(frozen=True, slots=True)
class Pool:
    """Connections of one database, and whose eyes they read with: a seller's, or (``None``) the service's own.

    ``version`` is the schema of the version of a projection that is read and written; ``None`` = those that are live.
    """

    connections: ConnectionPool[Connection[TupleRow]]
    seller: str | None = None
    version: str | None = None
    witness: Witness = field(default_factory=Witness)

    def seen_by(self, seller: str) -> "Pool":
        """The same connections; one borrowed from here sees the rows of this seller's customers, and writes none."""
        return replace(self, seller=seller)

    def at_version(self, schema: str) -> "Pool":
        """The same connections; one borrowed from here sees the tables of this version, whichever is live."""
        return replace(self, version=schema)

    def close(self) -> None:
        self.connections.close()


def open_pool(
    conninfo: str,
    *,
    size: int = 8,
    statement_timeout: float = 30.0,
    lock_timeout: float = 1.5,
    idle_in_transaction: float = 2.0,
    durable: bool = True,
) -> Pool:
    """A pool of autocommit connections that work as the role ``trailbook_app``; the caller closes it. Times in seconds.

    It opens without waiting for the server: whoever needs a connection waits at most a second and gets ``StoreAway``.
    ``idle_in_transaction`` bounds how long a frozen process can hold the writers' lock. Without ``durable`` the last
    commits may be lost in a crash of the database: for what can be derived again.
    """

    witness = Witness()

    def configure(connection: Connection[TupleRow]) -> None:
        times = {"statement": statement_timeout, "lock": lock_timeout, "idle": idle_in_transaction}
        values = {name: f"{round(seconds * 1000)}ms" for name, seconds in times.items()}
        values["commit"] = "on" if durable else "off"
        connection.execute(_QUERIES["settings"], values)
        take_columns(connection)
        witness.examine(connection)

    connections = ConnectionPool(
        conninfo,
        connection_class=Connection[TupleRow],
        kwargs={
            "autocommit": True,
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        },
        min_size=1,
        max_size=size,
        timeout=1.0,
        # Short, so that the pool does not sleep on after the server has come back.
        reconnect_timeout=2.0,
        configure=configure,
        open=True,
    )
    return Pool(connections, witness=witness)


@contextmanager
def borrowed(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """A connection of the pool, found alive just now; what psycopg raises passes through. Raises ``SellersShutOut``."""
    connection = _alive(pool)
    try:
        yield connection
    finally:
        pool.connections.putconn(connection)


@contextmanager
def reading(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """A connection to read with, in autocommit. Raises ``StoreAway``, ``SellersShutOut``."""
    try:
        with borrowed(pool) as connection:
            yield connection
    except LOST as error:
        raise StoreAway() from error


@contextmanager
def snapshot(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """A connection to read with, all of it as of one moment. Raises ``StoreAway``, ``SellersShutOut``."""
    with reading(pool) as connection, connection.transaction():
        connection.execute(_QUERIES["one_snapshot"])
        yield connection


def _alive(pool: Pool) -> Connection[TupleRow]:
    # The pool can check for itself, but then it sleeps a second for every dead connection it meets.
    for others in range(pool.connections.max_size, -1, -1):
        connection = _had(pool)
        try:
            _take_eyes(connection, pool)
            return connection
        except BaseException as error:
            pool.connections.putconn(connection)
            if not (isinstance(error, LOST) and others):
                raise
    raise AssertionError("unreachable")


def _had(pool: Pool) -> Connection[TupleRow]:
    try:
        return pool.connections.getconn()
    except PoolTimeout:
        if pool.witness.refusal is not None:
            raise pool.witness.refusal from None
        raise


def _take_eyes(connection: Connection[TupleRow], pool: Pool) -> None:
    # Said at every borrowing, in the round trip that finds out whether it lives: nothing of a former borrower remains.
    version = {"version": pool.version}
    if pool.seller is None:
        connection.execute(_QUERIES["as_service"], version)
        return
    try:
        connection.execute(_QUERIES["as_seller"], {**version, "staff": pool.seller})
    except _NO_ROLE as error:
        raise SellersShutOut() from error
