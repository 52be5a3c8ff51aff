"""The log by customer: whole histories as stored, in order of number, with the keys that open them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from domain.refusals import EntryDamaged
from event_log.connections import Pool, reading
from event_log.entry import Entry
from event_log.keys import keys_of
from event_log.named_sql import named_queries
from event_log.sealing import CustomerKey, MasterKey

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

PAGE: Final = 20_000
"""Entries that are read at once."""


@dataclass(frozen=True, slots=True)
class History:
    """A customer's entries by version. ``key`` is ``None`` of an erased one, a refusal where it is damaged."""

    number: UUID
    entries: Sequence[Entry]
    key: CustomerKey | EntryDamaged | None


class ByCustomer:
    """Every method raises ``StoreAway``. What is read stands at or before a position, which the log has reached."""

    def __init__(self, pool: Pool, master: MasterKey) -> None:
        self._pool = pool
        self._master = master

    def walk(self, first: UUID, last: UUID, position: int, page: int = PAGE) -> Iterator[list[History]]:
        """All customers from one number to another in order, some at a time; none of them is torn apart."""
        held: list[Entry] = []
        number, version = first, 0
        while True:
            values = {"number": number, "version": version, "last": last, "position": position, "limit": page}
            entries = self._entries("walk", values)
            held += entries
            if len(entries) < page:
                break
            number, version = entries[-1].originator_id, entries[-1].originator_version
            whole = [entry for entry in held if entry.originator_id != number]
            held = held[len(whole) :]
            if whole:
                yield self.with_keys(whole)
        if held:
            yield self.with_keys(held)

    def histories(self, numbers: Sequence[UUID], position: int) -> list[History]:
        """All that is known of these customers, in order of number."""
        return self.with_keys(self._entries("of_customers", {"numbers": sorted(numbers), "position": position}))

    def with_keys(self, entries: Sequence[Entry]) -> list[History]:
        """Entries put together by customer, in order of number and version."""
        own: dict[UUID, list[Entry]] = {}
        for entry in entries:
            own.setdefault(entry.originator_id, []).append(entry)
        with reading(self._pool) as connection, connection.cursor() as cursor:
            keys = keys_of(cursor, self._master, own)
        for theirs in own.values():
            theirs.sort(key=_version)
        return [History(number, own[number], keys.get(number)) for number in sorted(own)]

    def _entries(self, query: str, values: dict[str, Any]) -> list[Entry]:
        with reading(self._pool) as connection, connection.cursor(binary=True) as cursor:
            return [Entry(*row) for row in cursor.execute(_QUERIES[query], values).fetchall()]


def _version(entry: Entry) -> int:
    return entry.originator_version
