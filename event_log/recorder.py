"""Our recorder on the library's: plain transactions under one lock, and a customer restored by its repository."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

import psycopg
from eventsourcing.application import Repository
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import EventStore, Mapper, NotSupportedError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore  # noqa: TID251
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, TupleRow, dict_row, tuple_row
from psycopg_pool import PoolTimeout

from domain.facts import Fact
from domain.refusals import FateUnknown, StoreAway, UnsafeStore
from event_log.connections import LOST, Pool, borrowed, reading
from event_log.crashpoint import crashpoint
from event_log.entry import Entry
from event_log.sealing import CustomerKey
from event_log.state import SealedFact, open_fact
from event_log.writing import QUERIES, Writing, stream

T = TypeVar("T")

_UNSAFE = "POSTGRES_ENABLE_DB_FUNCTIONS"
_OFF = frozenset({"", "n", "no", "f", "false", "off", "0"})
_ATTEMPTS = 2


class LogDatastore(PostgresDatastore):
    """The library's datastore over our pool: our settings and role, and ``StoreAway`` instead of ten attempts."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(dbname="", host="", port="", user="", password="")
        self.connections = pool

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        with reading(self.connections) as ours:
            connection = cast("Connection[Any]", ours)
            connection.row_factory = dict_row
            try:
                yield connection
            finally:
                connection.row_factory = tuple_row

    def register_type_adapters(self) -> None:
        """Our statements need no composite type of the library's."""


class LogRecorder(PostgresApplicationRecorder):
    """Reads as the library expects of a recorder; writes only through ``write``.

    The library's own insert hangs on large batches and knows no leaf, no duplicate and no time; its database functions
    drop the lock, so that readers lose facts.
    """

    def __init__(self, pool: Pool) -> None:
        super().__init__(LogDatastore(pool), events_table_name="entries")
        self._pool = pool
        # Instead of locking the table, which would wait for every vacuum and index build.
        self.lock_table_statements = [QUERIES["lock"]]

    def write(self, identities: Collection[bytes], work: Callable[[Writing], T]) -> T:
        """Run ``work`` in one transaction under the writers' lock; it may run twice, what it returns is stored once.

        Raises ``StoreAway`` (nothing was stored) or ``FateUnknown``; what ``work`` raises rolls back.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            writing: Writing | None = None
            finished: list[T] = []
            try:
                with borrowed(self._pool) as connection, connection.transaction(), connection.cursor() as cursor:
                    crashpoint("append.before_lock")
                    begun = perf_counter()
                    self._lock(cursor)
                    writing = Writing(cursor, identities, perf_counter() - begun)
                    finished.append(work(writing))
                    if writing.last is None:
                        cursor.execute(QUERIES["confirm"])
                    crashpoint("append.before_commit")
                crashpoint("append.before_answer")
                self._bear_witness(writing)
                return finished[0]
            except (PoolTimeout, psycopg.errors.LockNotAvailable) as error:
                raise StoreAway() from error
            except psycopg.errors.UniqueViolation:
                # A writer without the lock took our position first. Once may happen, twice is a fault to be seen.
                if attempt == _ATTEMPTS:
                    raise
            except LOST as error:
                if finished and writing is not None and writing.last is not None and self._is_stored(*writing.last):
                    self._bear_witness(writing)
                    return finished[0]
                if attempt == _ATTEMPTS:
                    raise StoreAway() from error
        raise AssertionError("unreachable")

    def _is_stored(self, position: int, leaf_hash: bytes) -> bool:
        """Settle a connection lost at COMMIT; the lock waits for a commit that is still under way."""
        try:
            with borrowed(self._pool) as connection, connection.transaction(), connection.cursor() as cursor:
                self._lock(cursor)
                row = cursor.execute(QUERIES["is_stored"], {"position": position, "leaf_hash": leaf_hash}).fetchone()
                cursor.execute(QUERIES["confirm"])
                return row == (True,)
        except LOST as error:
            raise FateUnknown() from error

    def _bear_witness(self, writing: Writing) -> None:
        if writing.last is not None:
            self._pool.witness.saw(*writing.last)

    def _lock(self, cursor: Cursor[TupleRow]) -> None:
        self._lock_table(cast("Cursor[DictRow]", cursor))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        """The entries of one customer or journey, with the columns the library's own rows lack."""
        number = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        bounds = {name: bound for name, bound in (("gt", gt), ("lte", lte)) if bound is not None}
        with reading(self._pool) as connection, connection.cursor() as cursor:
            return stream(cursor, number, limit=limit, backwards=desc, **bounds)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> NoReturn:
        raise NotSupportedError("The log is written through Intake.append and Publications.publish only.")

    def create_table(self) -> NoReturn:
        raise NotSupportedError("The tables are made by migrations/.")


class FactMapper(Mapper[UUID]):
    """Opens the entries of one customer. It has no transcoder: the library's runs what it finds in the data."""

    def __init__(self, key: CustomerKey | None) -> None:
        self._key = key

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """A ``Fact``, or a ``SealedFact`` without a key; neither is an aggregate's event, nor need it be."""
        assert isinstance(stored_event, Entry)
        return cast("DomainEventProtocol[UUID]", open_fact(stored_event, self._key))

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> NoReturn:
        raise NotSupportedError("Facts are sealed by event_log.intake.")


def restored(recorder: LogRecorder, number: UUID, key: CustomerKey | None) -> list[Fact | SealedFact]:
    """The facts of one customer by version, through the library's repository."""
    repository: Repository[UUID] = Repository(EventStore(FactMapper(key), recorder))
    facts: list[Fact | SealedFact] = repository.get(number, projector_func=cast("Any", _collected))
    return facts


def _collected(_: None, facts: Iterable[Fact | SealedFact]) -> list[Fact | SealedFact] | None:
    return list(facts) or None


def refuse_unsafe_settings(environment: Mapping[str, str]) -> None:
    """Raise ``UnsafeStore`` where the library is asked for database functions: they write without the lock."""
    for name, value in environment.items():
        if name.upper().endswith(_UNSAFE) and value.lower() not in _OFF:
            raise UnsafeStore(f"Unset {name}.")
