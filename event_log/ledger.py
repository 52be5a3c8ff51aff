"""The ledger by itself: where the log ends, and whether every entry is still what was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from psycopg import Connection
from psycopg.errors import UndefinedTable
from psycopg.rows import TupleRow

from domain.refusals import Refusal
from event_log.connections import Pool, snapshot
from event_log.entry import Entry
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

BLOCK: Final = 2000
"""Entries that are compared at once."""


class LogDamaged(Refusal):
    """The log is not what was written."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: its last position, and the hash of the leaf that stands there."""

    position: int
    leaf_hash: bytes


EMPTY: Final = Head(0, b"")


def head_of(connection: Connection[TupleRow]) -> Head:
    """Where the log ends; ``EMPTY`` also where no log was ever begun."""
    try:
        row = connection.execute(_QUERIES["head"]).fetchone()
    except UndefinedTable:
        return EMPTY
    return EMPTY if row is None else Head(*row)


def holds(connection: Connection[TupleRow], head: Head) -> bool:
    """Whether the log reaches as far as this head, and says the same there."""
    if head == EMPTY:
        return True
    try:
        return connection.execute(_QUERIES["leaf"], {"position": head.position}).fetchone() == (head.leaf_hash,)
    except UndefinedTable:
        return False


def fingerprint_of(connection: Connection[TupleRow]) -> bytes | None:
    """Of the master key that this log was begun under; None where no log was ever begun."""
    try:
        row = connection.execute(_QUERIES["identity"]).fetchone()
    except UndefinedTable:
        return None
    return None if row is None else row[0]


def walk(pool: Pool) -> Iterator[int]:
    """Compare every entry with its line in the ledger, yielding how far it has come.

    Positions run 1, 2, 3 ... without holes, on both sides, and every leaf has the hash that was written down for it.
    Raises ``LogDamaged`` at the first difference, ``StoreAway``.
    """
    after = 0
    while True:
        values = {"after": after, "limit": BLOCK}
        with snapshot(pool) as connection, connection.cursor(binary=True) as cursor:
            lines = cursor.execute(_QUERIES["lines"], values).fetchall()
            entries = [Entry(*row) for row in cursor.execute(_QUERIES["entries"], values)]
        if not lines and not entries:
            return
        for position, (line, entry) in enumerate(zip_longest(lines, entries), after + 1):
            _compare(position, line, entry)
        after += len(lines)
        yield after


def _compare(position: int, line: tuple[Any, ...] | None, entry: Entry | None) -> None:
    if line is None or line[0] != position:
        raise LogDamaged(f"Position {position} is missing in the ledger.")
    if entry is None or entry.position != position:
        raise LogDamaged(f"The entry at position {position} is missing, or there twice.")
    if line[1:4] != (entry.originator_id, entry.originator_version, entry.recorded_at):
        raise LogDamaged(f"The entry at position {position} is another than the ledger says.")
    if line[4] != entry.leaf_hash():
        raise LogDamaged(f"The entry at position {position} has other bytes than were written.")
