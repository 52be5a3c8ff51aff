"""A Postgres that never was: transactions, locks and lost connections, answering the named queries of our SQL files."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.instants import SECOND, Duration, Instant
from tests.simulation.actors import Actors
from tests.simulation.faults import Faults
from tests.simulation.log_table import LogTable
from tests.simulation.tables import Group, Table, View

LOCK_TIMEOUT: Final[Duration] = 4 * SECOND
ROWS: Final = ("standing", "stays", "sellers", "trail", "opportunities", "kept")
"""What is derived."""
TABLES: Final = ("tracking", "versions", "followers", "parked", *ROWS)

Row = tuple[Any, ...]


@dataclass(eq=False)
class Transaction:
    """``rests`` is how long it may be idle until the server ends it; ``holder`` is the follower it is of, or none."""

    server: "Server"
    holder: UUID | None
    rests: Duration
    durable: bool
    view: View
    log: LogTable
    held: set[Hashable] = field(default_factory=set)
    seen: Instant = 0
    busy: bool = False
    over: bool = False

    def lock(self, name: Hashable) -> None:
        """Held until the end. Raises ``LockNotAvailable``."""
        self.server.lock(self, name)

    def try_lock(self, name: Hashable) -> bool:
        """``skip locked``."""
        if not self.server.is_free(name, self):
            return False
        self.lock(name)
        return True

    def commit(self) -> None:
        if self.over:
            raise psycopg.errors.IdleInTransactionSessionTimeout("The transaction was ended.")
        self.server.apply(self)
        self.abort()

    def abort(self) -> None:
        self.over = True
        self.server.release(self)


Answer = Callable[[Transaction, Mapping[str, Any]], list[Row]]
"""What a query yields, and does."""


def nothing(transaction: Transaction, values: Mapping[str, Any]) -> list[Row]:
    """What a statement yields that only says how a connection is to work."""
    return []


Examine = Callable[[Transaction], None]
"""Looks at a transaction that is about to be committed. Raises ``Broken``."""


class Server:
    """``granted`` says to whom an epoch of a partition was given last.

    ``clock`` gives the instant of ``instant_now()``; ``examine`` sees every commit before it is made; ``holder`` says
    which follower is at work.
    """

    def __init__(
        self,
        actors: Actors,
        faults: Faults,
        clock: Callable[[], Instant],
        answers: Mapping[bytes, Answer],
        examine: Examine,
        holder: Callable[[], UUID | None],
    ) -> None:
        self.actors = actors
        self.faults = faults
        self.now = clock
        self.log = LogTable()
        self.tables: dict[str, Table] = {name: {} for name in TABLES}
        self.answers = answers
        self.row_ids = 0
        self.granted: dict[tuple[Group, int], UUID] = {}
        self.starts = 0
        self._examine = examine
        self._holder = holder
        self._away_until: Instant = 0
        self._locks: dict[Hashable, Transaction] = {}
        self._open: list[Transaction] = []
        self._unflushed: list[Callable[[], None]] = []

    # -- being there, and not ---------------------------------------------------------------------------------------

    @property
    def away(self) -> bool:
        return self.actors.elapsed < self._away_until

    def fail(self, length: Duration, lost: int) -> None:
        """End as if the power was cut; of the last commits that did not wait for the disk so many are lost."""
        self._away_until = self.actors.elapsed + length
        self.starts += 1
        for transaction in [*self._open]:
            transaction.abort()
        for undo in reversed(self._unflushed[len(self._unflushed) - min(lost, len(self._unflushed)) :]):
            undo()
        self._unflushed.clear()

    def begin(self, rests: Duration, durable: bool) -> Transaction:
        transaction = Transaction(
            self, self._holder(), rests, durable, View(self.tables), self.log, seen=self.actors.elapsed
        )
        self._open.append(transaction)
        return transaction

    def apply(self, transaction: Transaction) -> None:
        if not transaction.view.changed and not self.log.pending(transaction):
            return
        self._examine(transaction)
        if transaction.durable:
            self._unflushed.clear()
        else:
            self._unflushed.append(transaction.view.undo())
        transaction.view.commit()
        self.log.commit(transaction)

    def release(self, transaction: Transaction) -> None:
        for name in transaction.held:
            del self._locks[name]
        transaction.held.clear()
        self.log.forget(transaction)
        if transaction in self._open:
            self._open.remove(transaction)

    # -- locks ------------------------------------------------------------------------------------------------------

    def lock(self, transaction: Transaction, name: Hashable) -> None:
        self.wait_for(name, transaction)
        self._locks[name] = transaction
        transaction.held.add(name)

    def wait_for(self, name: Hashable, transaction: Transaction) -> None:
        """Until nobody else holds it. Raises ``LockNotAvailable``, and whatever became of the server meanwhile."""
        if not self.is_free(name, transaction) and not self.actors.wait(
            lambda: self.is_free(name, transaction) or transaction.over, LOCK_TIMEOUT
        ):
            raise psycopg.errors.LockNotAvailable("Somebody holds it.")
        if transaction.over:
            raise psycopg.OperationalError("The server has gone.")

    def is_free(self, name: Hashable, transaction: Transaction) -> bool:
        holder = self._locks.get(name)
        if holder is not None and not holder.busy and self.actors.elapsed > holder.seen + holder.rests:
            holder.abort()
        return self._locks.get(name, transaction) is transaction
