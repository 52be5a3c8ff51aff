"""Connections to the simulated server: in the place of psycopg's, and losing what those may lose."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg_pool import PoolTimeout

from domain.instants import SECOND, Duration
from tests.simulation.actors import Killed
from tests.simulation.columns import unpacked
from tests.simulation.server import Row, Server, Transaction, nothing

NO_CONNECTION: Final[Duration] = SECOND
"""How long a pool waits for a server that is away."""


class Connections:
    """In the place of psycopg's pool."""

    max_size = 1

    def __init__(self, server: Server, rests: Duration, durable: bool) -> None:
        self._server = server
        self._rests = rests
        self._durable = durable
        self._idle: Connection | None = None

    def getconn(self) -> "Connection":
        server = self._server
        if self._idle is not None:
            connection, self._idle = self._idle, None
            return connection
        if server.away:
            server.actors.sleep(NO_CONNECTION)
            if server.away:
                raise PoolTimeout("The server is away.")
        return Connection(server, self._rests, self._durable)

    def putconn(self, connection: "Connection") -> None:
        self._idle = None if connection.lost else connection

    def close(self) -> None:
        self._idle = None


class Connection:
    """In the place of psycopg's connection, autocommit as ours are; also in the place of its cursor's maker."""

    row_factory: Any = None

    def __init__(self, server: Server, rests: Duration, durable: bool) -> None:
        self._server = server
        self._start = server.starts
        self._rests = rests
        self._durable = durable
        self._transaction: Transaction | None = None
        self._broken = False

    @property
    def lost(self) -> bool:
        return self._broken or self._start != self._server.starts

    def execute(self, query: bytes, values: Mapping[str, Any] | None = None, **_: Any) -> "Cursor":
        """Raises what psycopg raises, and ``Killed``."""
        self._meet_faults()
        if self._server.answers[query] is nothing:
            return Cursor(self)
        given = unpacked(values)
        if self._transaction is not None:
            return self._run(self._transaction, query, given)
        alone = self._server.begin(self._rests, self._durable)
        try:
            cursor = self._run(alone, query, given)
        except BaseException:
            alone.abort()
            raise
        self._commit(alone)
        return cursor

    @contextmanager
    def cursor(self, **_: Any) -> Iterator["Cursor"]:
        yield Cursor(self)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._transaction = transaction = self._server.begin(self._rests, self._durable)
        try:
            yield
        except BaseException:
            transaction.abort()
            raise
        else:
            self._meet_faults()
            self._commit(transaction)
        finally:
            self._transaction = None

    def _run(self, transaction: Transaction, query: bytes, values: Mapping[str, Any]) -> "Cursor":
        if transaction.over:
            self._broken = True
            raise psycopg.errors.IdleInTransactionSessionTimeout("The transaction was ended.")
        transaction.busy = True
        try:
            return Cursor(self, self._server.answers[query](transaction, values))
        except psycopg.OperationalError:
            self._broken |= transaction.over
            raise
        finally:
            transaction.busy, transaction.seen = False, self._server.actors.elapsed

    def _meet_faults(self) -> None:
        """A round trip takes a while, in which others go on and much may happen."""
        if self._server.faults.at_once:
            return
        fault = self._server.faults.at_statement()
        transaction = self._transaction
        try:
            self._server.actors.sleep(self._server.faults.round_trip())
            if fault == "killed":
                raise Killed
            if fault == "frozen":
                self._server.actors.sleep(self._server.faults.frozen())
        except Killed:
            self._broken = True
            raise
        if fault == "lost" and not self.lost:
            self._broken = True
            if transaction is not None:
                transaction.abort()
        if self.lost:
            raise psycopg.OperationalError("The connection is lost.")

    def _commit(self, transaction: Transaction) -> None:
        fault = self._server.faults.at_commit()
        if fault is None:
            transaction.commit()
            return
        self._broken = True
        if fault == "late":
            self._server.faults.tell("a commit is still under way, and its connection is lost")
            self._server.actors.begin("a late commit", lambda: self._commit_late(transaction))
        elif fault == "unsaid":
            transaction.commit()
            self._server.faults.tell("a commit was made, and its answer is lost")
        else:
            transaction.abort()
            self._server.faults.tell("a commit was not made, and its answer is lost")
        raise psycopg.OperationalError("The connection was lost at COMMIT.")

    def _commit_late(self, transaction: Transaction) -> None:
        transaction.busy = True
        self._server.actors.sleep(self._server.faults.late())
        if not transaction.over:
            transaction.commit()


class Cursor:
    """In the place of psycopg's cursor."""

    def __init__(self, connection: Connection, rows: list[Row] | None = None) -> None:
        self._connection = connection
        self._rows = rows or []

    def execute(self, query: bytes, values: Mapping[str, Any] | None = None, **_: Any) -> "Cursor":
        self._rows = self._connection.execute(query, values)._rows
        return self

    def fetchone(self) -> Row | None:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Row]:
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)
