"""One row of the log, and the bytes of it that are proved."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.instants import Instant

FACT: Final = "fact"
PUBLICATION: Final = "rulebook-published"

_LEAF = b"trailbook/entry/1\n"
_HEAD = struct.Struct(">q16sq16s")
_TIMES = struct.Struct(">qq")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Entry(StoredEvent):
    """The library's stored event with our columns, in their order in the table.

    ``originator_id`` is a customer's random number, or a journey's; ``topic`` is ``FACT`` or ``PUBLICATION``.
    What is no fact has ``fact_type`` "" and ``occurred_at`` = ``recorded_at``.
    """

    originator_id: UUID
    position: int
    event_id: UUID
    fact_type: str
    occurred_at: Instant
    recorded_at: Instant

    @property
    def customer(self) -> UUID:
        return self.originator_id

    def leaf(self) -> bytes:
        """Everything the fold or an auditor reads of this entry, in one unambiguous row of bytes.

        In this order, numbers big-endian and signed, texts in UTF-8 after their length in 4 bytes (unsigned)::

            "trailbook/entry/1" and a line feed
            position              8 bytes
            originator number    16 bytes
            version               8 bytes
            event number         16 bytes
            topic                 4 + n bytes
            fact type             4 + n bytes
            occurred_at           8 bytes, microseconds since 1970 UTC
            recorded_at           8 bytes, likewise
            state                 4 + n bytes, as stored: sealed
        """
        return leaf(
            self.position,
            self.originator_id.bytes,
            self.originator_version,
            self.event_id.bytes,
            self.topic,
            self.fact_type,
            self.occurred_at,
            self.recorded_at,
            self.state,
        )

    def leaf_hash(self) -> bytes:
        """The leaf's hash in the tree of RFC 6962; its number there is ``position - 1``."""
        return leaf_hash(self.leaf())


def leaf(
    position: int,
    originator: bytes,
    version: int,
    event_id: bytes,
    topic: str,
    fact_type: str,
    occurred_at: Instant,
    recorded_at: Instant,
    state: bytes,
) -> bytes:
    """The bytes of ``Entry.leaf``, where there is no entry yet; numbers as their 16 bytes."""
    return b"".join(
        (
            _LEAF,
            _HEAD.pack(position, originator, version, event_id),
            _kind(topic, fact_type),
            _TIMES.pack(occurred_at, recorded_at),
            _LENGTH.pack(len(state)),
            state,
        )
    )


@lru_cache(1024)
def _kind(*texts: str) -> bytes:
    return b"".join(_LENGTH.pack(len(encoded)) + encoded for encoded in (text.encode() for text in texts))


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0" + leaf).digest()
