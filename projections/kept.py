"""Folds in progress, sealed: from the newest a follower goes on, from earlier ones questions about earlier instants."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from msgspec import DecodeError
from msgspec.json import decode, encode
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.instants import Instant
from domain.journey.carried import Carried
from domain.refusals import EntryDamaged
from event_log.named_sql import named_queries
from event_log.sealing import NONCE, CustomerKey, RandomBytes

QUERIES: Final = named_queries(Path(__file__).with_suffix(".sql"))

States = Mapping[str, Mapping[str, Any]]
"""By journey, the plain form of a fold in progress."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The folds of one customer ``after`` an instant; ``version`` is her last entry that is known in them."""

    after: Instant
    version: int
    states: States


def opened(key: CustomerKey, after: Instant, version: int, box: bytes) -> Kept | None:
    """What was kept; ``None`` where it cannot be read: then it is as if nothing had been kept."""
    try:
        return Kept(after, version, decode(key.open(_place(after), box)))
    except (EntryDamaged, DecodeError):
        return None


def newest(connection: Connection[TupleRow], keys: Mapping[UUID, CustomerKey]) -> dict[UUID, Kept]:
    """Of each customer, as far as it has come; who has nothing kept is absent."""
    rows = connection.execute(QUERIES["newest"], {"customers": list(keys)}, binary=True)
    found = ((customer, opened(keys[customer], *columns)) for customer, *columns in rows)
    return {customer: kept for customer, kept in found if kept is not None}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be kept of one customer now; ``anew``: nothing kept before is true any more."""

    key: CustomerKey
    version: int
    journeys: Mapping[str, Carried]
    anew: bool

    def rows(self, random_bytes: RandomBytes) -> Iterable[tuple[UUID, Instant, int, bool, bytes]]:
        """Nothing, where not all of it can be carried on."""
        carried = self.journeys
        if not carried or any(one.voids for one in carried.values()):
            return
        after = max(one.fold.settled_after for one in carried.values())
        for marked, states in self._marks().items():
            if marked < after:
                yield self._row(marked, states, False, random_bytes)
        yield self._row(after, {journey: one.as_plain() for journey, one in carried.items()}, True, random_bytes)

    def _marks(self) -> dict[Instant, States]:
        """The marks that every journey has left before the same fact."""
        first, *others = self.journeys.values()
        common = [taken for taken in first.marks if all(taken in other.marks for other in others)]
        marks: dict[Instant, States] = {}
        for taken in common:
            left = {journey: one.marks[taken] for journey, one in self.journeys.items()}
            marks[max(mark.after for mark in left.values())] = {name: mark.state for name, mark in left.items()}
        return marks

    def _row(
        self, after: Instant, states: States, is_newest: bool, random_bytes: Callable[[int], bytes]
    ) -> tuple[UUID, Instant, int, bool, bytes]:
        box = self.key.seal(_place(after), encode(states), random_bytes(NONCE))
        return self.key.number, after, self.version, is_newest, box


def keep(connection: Connection[TupleRow], kept: Sequence[Keeping], random_bytes: RandomBytes) -> None:
    if not kept:
        return
    for query, which in (("forget", True), ("drop_newest", False)):
        numbers = [one.key.number for one in kept if one.anew == which]
        if numbers:
            connection.execute(QUERIES[query], {"customers": numbers})
    rows = [row for one in kept for row in one.rows(random_bytes)]
    if rows:
        names = ("customers", "afters", "versions", "newests", "boxes")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        connection.execute(QUERIES["add"], columns)


def _place(after: Instant) -> UUID:
    """What a box is bound to beside its customer: no kept fold can be put in the place of another."""
    return UUID(int=after % 2**64)
