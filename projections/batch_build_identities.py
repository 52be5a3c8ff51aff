"""What identifies the facts of some splits, source and id, opened where they are asked for: both are sealed."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from msgspec import DecodeError
from msgspec.json import decode
from numpy.typing import NDArray

from batch_fold.columns import Batch
from batch_fold.segments import SealedRow
from batch_fold.splits import Split, sealed_parts
from domain.facts import Fact
from domain.refusals import EntryDamaged, Unavailable
from event_log.reading import Reading
from event_log.sealing import CustomerKey

Key = tuple[str, str]


class ErasedMeanwhile(Unavailable):
    """A customer was erased while a version was being filled; it is followed from the log instead."""


class Identities:
    """``read`` are splits with what was read of them."""

    def __init__(self, log: Reading, read: Sequence[tuple[Split, Batch]]) -> None:
        self._log = log
        self._read = read

    def of(self, positions: NDArray[np.int64]) -> dict[int, Key]:
        """Source and id by position.

        Raises ``StoreAway``, ``ArchiveDamaged``, ``EntryDamaged``, ``ErasedMeanwhile``.
        """
        parts = [_Part(split, batch, positions) for split, batch in self._read]
        keys = self._log.keys([number for part in parts for number in part.customers])
        return {
            position: self._opened(position, row, key)
            for part in parts
            for position, row, key in part.stored([_sound(keys.get(number)) for number in part.customers])
        }

    def _opened(self, position: int, row: SealedRow, key: CustomerKey) -> Key:
        if row.box is None:
            return self._stored_otherwise(position)
        try:
            personal = decode(key.open(UUID(bytes=row.event), row.box))
            return personal["source"], personal["id"]
        except (KeyError, TypeError, DecodeError) as error:
            raise EntryDamaged(f"Position {position}: {error!r}.") from None

    def _stored_otherwise(self, position: int) -> Key:
        """A state that is not taken apart in the archive."""
        fact = self._log.at(position)
        if not isinstance(fact, Fact):
            raise ErasedMeanwhile()
        return fact.key


class _Part:
    """Those of some positions that are of one split, and the customers whose they are."""

    def __init__(self, split: Split, batch: Batch, positions: NDArray[np.int64]) -> None:
        self._split, self._batch = split, batch
        self._rows = np.flatnonzero(np.isin(batch.positions, positions))
        whose = np.searchsorted(batch.columns.starts, self._rows, side="right") - 1
        own, self._whose = np.unique(whose, return_inverse=True)
        self.customers = [UUID(bytes=batch.customers[customer].tobytes()) for customer in own]

    def stored(self, keys: Sequence[CustomerKey]) -> list[tuple[int, SealedRow, CustomerKey]]:
        """``keys`` of the customers, in their order."""
        if not keys:
            return []
        positions = self._batch.positions[self._rows].tolist()
        rows = sealed_parts(self._split, self._batch, self._rows)
        return list(zip(positions, rows, (keys[customer] for customer in self._whose.tolist()), strict=True))


def _sound(key: CustomerKey | EntryDamaged | None) -> CustomerKey:
    if key is None:
        raise ErasedMeanwhile()
    if isinstance(key, EntryDamaged):
        raise key
    return key
