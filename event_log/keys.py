"""Who the customer numbers of the log are, and the keys that open their facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.refusals import EntryDamaged
from event_log.columns import byteas
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries
from event_log.sealing import CustomerKey, MasterKey

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer of the log, erased without ``key_id``. ``version`` is that of the newest entry, where it was asked."""

    number: UUID
    subject: str
    key_id: UUID | None
    wrapped: bytes | None
    version: int = 0

    def key(self, master: MasterKey) -> CustomerKey | None:
        if self.key_id is None or self.wrapped is None:
            return None
        return master.unwrap(self.number, self.subject, self.key_id, self.wrapped)


def holders(cursor: Cursor[TupleRow], hashes: Iterable[bytes], *, with_versions: bool = False) -> dict[bytes, Holder]:
    """By the keyed hash of the subject; unknown subjects are absent."""
    query = _QUERIES["of_subjects_with_versions" if with_versions else "of_subjects"]
    rows = cursor.execute(query, {"hashes": byteas(list(hashes))}, prepare=True, binary=True)
    return {subject_hash: Holder(*columns) for subject_hash, *columns in rows}


def find_holders(pool: Pool, hashes: Iterable[bytes]) -> dict[bytes, Holder]:
    """The same on a connection of its own, without versions. Raises ``StoreAway``."""
    with reading(pool) as connection, connection.cursor() as cursor:
        return holders(cursor, hashes)


def keys_of(
    cursor: Cursor[TupleRow], master: MasterKey, numbers: Iterable[UUID]
) -> dict[UUID, CustomerKey | EntryDamaged]:
    """The keys of these customers; the erased are absent, in place of a damaged key stands the refusal."""
    rows = cursor.execute(_QUERIES["of_numbers"], {"numbers": list(numbers)}, binary=True).fetchall()
    return {row[0]: _unwrapped(master, *row) for row in rows}


def _unwrapped(
    master: MasterKey, number: UUID, subject: str, key_id: UUID, wrapped: bytes
) -> CustomerKey | EntryDamaged:
    try:
        return master.unwrap(number, subject, key_id, wrapped)
    except EntryDamaged as refusal:
        return refusal
