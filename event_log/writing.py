"""What a writer may do while it holds the writers' lock: look at the end of the log, and add to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.instants import Instant
from event_log.columns import bigints, byteas, texts, uuids
from event_log.entry import Entry, leaf, leaf_hash
from event_log.keys import Holder, holders
from event_log.named_sql import named_queries
from event_log.sealing import CustomerKey

QUERIES = named_queries(Path(__file__).with_name("recorder.sql"))

CHANNEL: Final = "trailbook"
"""Postgres tells whoever listens on it that something was written; a hint, no more."""


End = tuple[int, bytes]
"""Where a log ends: its last position and the hash of the leaf that stands there; (0, b"") of an empty one."""


@dataclass(frozen=True, slots=True)
class Known:
    """An identity that is taken: by the fact at ``position``. ``erased``: its customer's key is gone."""

    position: int
    content_hash: bytes
    customer: UUID
    erased: bool = False


class Line(NamedTuple):
    """An entry to be written, with its line in the ledger; the hashes are absent for what is no fact."""

    originator: UUID
    version: int
    topic: str
    state: bytes
    position: int
    event_id: UUID
    fact_type: str
    occurred_at: Instant
    identity_hash: bytes | None = None
    content_hash: bytes | None = None


class Writing:
    """One transaction under the lock. ``now`` is the time all of it is recorded at, ``head`` the last position.

    ``known`` holds those of the asked identities that are taken; ``end`` is where the log ended before, ``last`` where
    it ends with what was inserted, if anything was; ``waited`` are the seconds it waited for the lock.
    """

    def __init__(self, cursor: Cursor[TupleRow], identities: Collection[bytes] = (), waited: float = 0.0) -> None:
        self.cursor = cursor
        self.known: dict[bytes, Known] = {}
        self.end: End
        self.now: Instant
        self.end, self.now = self.look_up(identities)
        self.last: End | None = None
        self.waited = waited

    @property
    def head(self) -> int:
        return self.end[0]

    def look_up(self, identities: Collection[bytes]) -> tuple[End, Instant]:
        """Add to ``known`` those of the identities that are taken; returns where the log ends, and the time."""
        asked = {"identities": byteas(list(identities))}
        rows = self.cursor.execute(QUERIES["head_and_known"], asked, prepare=True, binary=True).fetchall()
        self.known |= {
            identity: Known(position, content_hash, customer, not has_key)
            for *_, identity, position, content_hash, customer, has_key in rows
            if position is not None
        }
        position, leaf_hash, now, *_ = rows[0]
        return (position, leaf_hash), now

    def holders(self, subject_hashes: Collection[bytes]) -> dict[bytes, Holder]:
        """With the versions of their newest entries."""
        return holders(self.cursor, subject_hashes, with_versions=True)

    def lost(self, keys: Mapping[bytes, CustomerKey]) -> set[bytes]:
        """Those whose key is not this one, or not any more; keys by whatever name."""
        if not keys:
            return set()
        values = {
            "customers": uuids([key.number_bytes for key in keys.values()]),
            "key_ids": uuids([key.key_id_bytes for key in keys.values()]),
        }
        rows = self.cursor.execute(QUERIES["lost_keys"], values, prepare=True, binary=True).fetchall()
        numbers = {number for (number,) in rows}
        return {name for name, key in keys.items() if key.number in numbers} if numbers else set()

    def stream(self, originator: UUID) -> list[Entry]:
        return stream(self.cursor, originator)

    def insert(self, lines: Sequence[Line], new_customers: Mapping[bytes, CustomerKey]) -> None:
        """Add the lines, which continue the positions from ``head``; new customers by the hash of their subject."""
        originators, versions, topics, states, positions, ids, types, times, identities, contents = zip(
            *lines, strict=True
        )
        numbers, event_ids = [number.bytes for number in originators], [id.bytes for id in ids]
        leaves = [
            leaf_hash(leaf(*row))
            for row in zip(
                positions, numbers, versions, event_ids, topics, types, times, repeat(self.now), states, strict=False
            )
        ]
        self.last = positions[-1], leaves[-1]
        keys = new_customers.values()
        columns = {
            "subject_hashes": byteas(list(new_customers)),
            "subjects": texts([key.subject for key in keys]),
            "numbers": uuids([key.number_bytes for key in keys]),
            "key_ids": uuids([key.key_id_bytes for key in keys]),
            "wrapped_keys": byteas([key.wrapped for key in keys]),
            "originators": uuids(numbers),
            "versions": bigints(versions),
            "topics": texts(topics),
            "states": byteas(states),
            "positions": bigints(positions),
            "event_ids": uuids(event_ids),
            "fact_types": texts(types),
            "occurred_at": bigints(times),
            "leaf_hashes": byteas(leaves),
            "identity_hashes": byteas(identities),
            "content_hashes": byteas(contents),
        }
        self.cursor.execute(QUERIES["insert"], {**columns, "recorded_at": self.now, "channel": CHANNEL}, prepare=True)


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
