"""The log's own tables of the simulated server: entries with their lines, customers and keys."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from domain.instants import Instant
from event_log.entry import PUBLICATION, Entry

if TYPE_CHECKING:
    from tests.simulation.server import Transaction


@dataclass(frozen=True)
class Written:
    """An entry and its line in the ledger."""

    entry: Entry
    leaf_hash: bytes
    identity_hash: bytes | None
    content_hash: bytes | None


@dataclass
class _Pending:
    written: list[Written] = field(default_factory=list)
    customers: list[tuple[bytes, UUID, str, UUID, bytes]] = field(default_factory=list)


class LogTable:
    """What is committed; beside it what each transaction is about to add."""

    def __init__(self) -> None:
        self.fingerprint = b""
        self.written: list[Written] = []
        self.streams: dict[UUID, list[Entry]] = {}
        self.publications: list[Entry] = []
        self.of_identity: dict[bytes, Written] = {}
        self.customers: dict[bytes, tuple[UUID, str]] = {}
        self.keys: dict[UUID, tuple[str, UUID, bytes]] = {}
        self._pending: dict[int, _Pending] = {}

    @property
    def head(self) -> int:
        return self.written[-1].entry.position if self.written else 0

    @property
    def newest(self) -> Instant:
        """When the last entry was recorded."""
        return self.written[-1].entry.recorded_at if self.written else 0

    def between(self, after: int, last: int) -> list[Entry]:
        """By position, which has no holes."""
        start = bisect_right(self.written, after, key=lambda one: one.entry.position)
        end = bisect_right(self.written, last, key=lambda one: one.entry.position)
        return [one.entry for one in self.written[start:end]]

    def add(
        self, transaction: "Transaction", written: list[Written], customers: list[tuple[bytes, UUID, str, UUID, bytes]]
    ) -> None:
        """Raises ``UniqueViolation`` as the indexes would."""
        taken = {one.entry.position for one in self.written[-len(written) :]}
        for one in written:
            if one.identity_hash in self.of_identity or one.entry.position in taken:
                raise psycopg.errors.UniqueViolation("It is there already.")
        pending = self._pending.setdefault(id(transaction), _Pending())
        pending.written += written
        pending.customers += customers

    def pending(self, transaction: "Transaction") -> list[Written]:
        found = self._pending.get(id(transaction))
        return found.written if found is not None else []

    def forget(self, transaction: "Transaction") -> None:
        self._pending.pop(id(transaction), None)

    def commit(self, transaction: "Transaction") -> None:
        pending = self._pending.pop(id(transaction), _Pending())
        for hashed, number, subject, key_id, wrapped in pending.customers:
            self.customers[hashed] = number, subject
            self.keys[number] = subject, key_id, wrapped
        for one in pending.written:
            entry = one.entry
            self.written.append(one)
            self.streams.setdefault(entry.originator_id, []).append(entry)
            if entry.topic == PUBLICATION:
                self.publications.append(entry)
            if one.identity_hash is not None:
                self.of_identity[one.identity_hash] = one


def as_row(entry: Entry) -> tuple[Any, ...]:
    """As the queries of the log select it."""
    return (
        entry.originator_id,
        entry.originator_version,
        entry.topic,
        entry.state,
        entry.position,
        entry.event_id,
        entry.fact_type,
        entry.occurred_at,
        entry.recorded_at,
    )
