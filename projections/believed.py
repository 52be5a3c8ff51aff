"""Rows that keep what was believed and from when until when, so that a question may go back to any belief."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from msgspec.json import encode
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import Instant

Said = tuple[Any, ...]
"""What one row says, beside when it was believed: the values of the table's columns."""
Key = tuple[str, UUID]
"""A journey and a customer."""


@dataclass(frozen=True, slots=True)
class Change:
    """From ``since`` on this is believed: this and nothing else if it is the ``whole``, else this too."""

    since: Instant
    said: tuple[Said, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A row that is still believed; without ``id`` it is not stored yet."""

    since: Instant
    id: int | None = None


class Believed:
    """What is believed of one customer on one journey, and what follows for the rows when that changes."""

    def __init__(self) -> None:
        self._held: dict[Said, _Held] = {}
        self._past: list[tuple[Said, Instant, Instant]] = []
        self.ended: list[tuple[int, Instant]] = []
        self.dropped: list[int] = []

    def hold(self, id: int, since: Instant, said: Said) -> None:
        """A row as it is stored."""
        self._held[said] = _Held(since, id)

    def believe(self, change: Change) -> None:
        """The same ``since`` again replaces the last."""
        believed = dict.fromkeys(change.said)
        if change.whole:
            for gone in [one for one in self._held if one not in believed]:
                self._give_up(gone, self._held.pop(gone), change.since)
        for one in believed:
            self._held.setdefault(one, _Held(change.since))

    def added(self) -> Iterator[tuple[Said, Instant, Instant | None]]:
        """What must be stored, each with the instants it was believed from and until."""
        yield from self._past
        yield from ((said, held.since, None) for said, held in self._held.items() if held.id is None)

    def _give_up(self, said: Said, held: _Held, at: Instant) -> None:
        never = held.since == at
        if held.id is None and not never:
            self._past.append((said, held.since, at))
        elif held.id is not None and never:
            self.dropped.append(held.id)
        elif held.id is not None:
            self.ended.append((held.id, at))


class BelievedTable:
    """A table of such rows. Its queries: ``kept``, ``add``, ``end`` and ``drop``."""

    def __init__(self, queries: Mapping[str, bytes], columns: Sequence[str]) -> None:
        self._queries = queries
        self.said: Final = tuple(columns)
        """The columns that make up what a row says, in the order of the query ``kept``."""
        self._columns: Final = ("journey", "customer", *columns, "believed_from", "believed_until")

    def believe(self, connection: Connection[TupleRow], changes: Mapping[Key, Sequence[Change]]) -> None:
        """Write what these changes make of the rows; what is said as a whole is compared with what is stored."""
        compared = [key for key, own in changes.items() if any(change.whole for change in own)]
        believed = self._held(connection, compared)
        for key, own in changes.items():
            for change in own:
                believed[key].believe(change)
        self._write(connection, believed)

    def _held(self, connection: Connection[TupleRow], keys: Sequence[Key]) -> dict[Key, Believed]:
        """What is stored of these and still believed."""
        found: dict[Key, Believed] = defaultdict(Believed)
        if not keys:
            return found
        journeys, customers = map(list, zip(*keys, strict=True))
        asked = {"journeys": journeys, "customers": customers}
        for journey, customer, id, since, *said in connection.execute(self._queries["kept"], asked):
            found[journey, customer].hold(id, since, tuple(said))
        return found

    def _write(self, connection: Connection[TupleRow], changes: Mapping[Key, Believed]) -> None:
        rows = [
            dict(zip(self._columns, (*key, *said, since, until), strict=True))
            for key, believed in changes.items()
            for said, since, until in believed.added()
        ]
        ended = [pair for believed in changes.values() for pair in believed.ended]
        dropped = [id for believed in changes.values() for id in believed.dropped]
        if rows:
            connection.execute(self._queries["add"], {"rows": encode(rows).decode()})
        if ended:
            ids, instants = zip(*ended, strict=True)
            connection.execute(self._queries["end"], {"ids": list(ids), "instants": list(instants)})
        if dropped:
            connection.execute(self._queries["drop"], {"ids": dropped})
