"""Columns as a server reads them: what event_log/columns.py packs."""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from event_log.columns import Column

_READ: Final[Mapping[int, Callable[[bytes], Any]]] = {
    2950: lambda value: UUID(bytes=value),
    20: lambda value: int.from_bytes(value, "big", signed=True),
    25: bytes.decode,
    17: bytes,
}
"""By the number of the type of the values."""


def unpacked(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values of a query, its columns as lists."""
    return {
        name: [*_values(value.packed)] if isinstance(value, Column) else value for name, value in (values or {}).items()
    }


def _values(packed: bytes) -> Iterator[Any]:
    """An array of one dimension in Postgres's binary form."""
    dimensions, _, type, count, first = struct.unpack_from(">iiIii", packed)
    assert (dimensions, first) == (1, 1)
    offset = 20
    for _ in range(count):
        (length,) = struct.unpack_from(">i", packed, offset)
        offset += 4
        yield _READ[type](packed[offset : offset + length]) if length >= 0 else None
        offset += max(0, length)
    assert offset == len(packed)
