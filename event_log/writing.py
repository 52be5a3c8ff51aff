"""What a writer may do while it holds the writers' lock: look at the end of the log, and add to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.instants import Instant
from event_log.entry import Entry
from event_log.keys import Holder, holders
from event_log.named_sql import named_queries
from event_log.sealing import CustomerKey

QUERIES = named_queries(Path(__file__).with_name("recorder.sql"))


@dataclass(frozen=True, slots=True)
class Known:
    """An identity that is taken: by the fact at ``position``. ``erased``: its customer's key is gone."""

    position: int
    content_hash: bytes
    customer: UUID
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its line in the ledger; the hashes are absent for what is no fact."""

    entry: Entry
    identity_hash: bytes | None = None
    content_hash: bytes | None = None


class Writing:
    """One transaction under the lock. ``now`` is the time all of it is recorded at, ``head`` the last position.

    ``known`` holds those of the asked identities that are taken.
    """

    def __init__(self, cursor: Cursor[TupleRow], identities: Collection[bytes] = ()) -> None:
        self.cursor = cursor
        self.known: dict[bytes, Known] = {}
        self.head: int
        self.now: Instant
        self.head, self.now = self.look_up(identities)
        self.last: tuple[int, bytes] | None = None

    def look_up(self, identities: Collection[bytes]) -> tuple[int, Instant]:
        """Add to ``known`` those of the identities that are taken; returns the last position and the time."""
        rows = self.cursor.execute(
            QUERIES["head_and_known"], {"identities": list(identities)}, prepare=True, binary=True
        ).fetchall()
        self.known |= {
            identity: Known(position, content_hash, customer, not has_key)
            for _, _, identity, position, content_hash, customer, has_key in rows
            if position is not None
        }
        return rows[0][0], rows[0][1]

    def holders(self, subject_hashes: Collection[bytes]) -> dict[bytes, Holder]:
        return holders(self.cursor, subject_hashes, with_versions=True)

    def stream(self, originator: UUID) -> list[Entry]:
        return stream(self.cursor, originator)

    def insert(self, lines: Sequence[Line], new_customers: Mapping[bytes, CustomerKey]) -> None:
        """Add the lines, which continue the positions from ``head``; new customers by the hash of their subject."""
        entries = [line.entry for line in lines]
        leaves = [entry.leaf_hash() for entry in entries]
        self.last = entries[-1].position, leaves[-1]
        keys = new_customers.values()
        columns: dict[str, list[Any]] = {
            "subject_hashes": list(new_customers),
            "subjects": [key.subject for key in keys],
            "numbers": [key.number for key in keys],
            "key_ids": [key.key_id for key in keys],
            "wrapped_keys": [key.wrapped for key in keys],
            "originators": [entry.originator_id for entry in entries],
            "versions": [entry.originator_version for entry in entries],
            "topics": [entry.topic for entry in entries],
            "states": [entry.state for entry in entries],
            "positions": [entry.position for entry in entries],
            "event_ids": [entry.event_id for entry in entries],
            "fact_types": [entry.fact_type for entry in entries],
            "occurred_at": [entry.occurred_at for entry in entries],
            "recorded_at": [entry.recorded_at for entry in entries],
            "leaf_hashes": leaves,
            "identity_hashes": [line.identity_hash for line in lines],
            "content_hashes": [line.content_hash for line in lines],
        }
        self.cursor.execute(QUERIES["insert"], columns, prepare=True)


def stream(
    cursor: Cursor[TupleRow],
    originator: UUID,
    *,
    gt: int = 0,
    lte: int = 2**62,
    limit: int | None = None,
    backwards: bool = False,
) -> list[Entry]:
    """The entries of one customer or journey in order of version; ``gt`` and ``lte`` bound the version."""
    query = QUERIES["stream_backwards" if backwards else "stream"]
    bounds = {"originator": originator, "gt": gt, "lte": lte, "limit": limit}
    return [Entry(*row) for row in cursor.execute(query, bounds, binary=True)]
