"""Columns of rows as Postgres reads them in binary: packed whole, which costs a tenth of one value after the other."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.adapt import Buffer, Dumper, PyFormat
from psycopg.pq import Format

_UUID, _BIGINT, _TEXT, _BYTEA = (2950, 2951), (20, 1016), (25, 1009), (17, 1001)
"""The type of the values and that of their array, by the numbers they have in every Postgres."""

_ARRAY = struct.Struct(">iiIii")
_LENGTH = struct.Struct(">i")
_NUMBER: Final = 8
_ABSENT = _LENGTH.pack(-1)


@dataclass(frozen=True, slots=True)
class Column:
    """A parameter of one dimension; ``array`` is the number of its type."""

    array: int
    packed: bytes


def uuids(values: Sequence[bytes]) -> Column:
    """Each as its 16 bytes."""
    return _column(_UUID, len(values), _with_lengths(values))


def bigints(values: Sequence[int]) -> Column:
    count = len(values)
    lengths_and_values = [_NUMBER] * (2 * count)
    lengths_and_values[1::2] = values
    return _column(_BIGINT, count, struct.pack(">" + "iq" * count, *lengths_and_values))


def texts(values: Sequence[str]) -> Column:
    # Few of them differ.
    packed = {value: _with_lengths([value.encode()]) for value in set(values)}
    return _column(_TEXT, len(values), b"".join([packed[value] for value in values]))


def byteas(values: Sequence[bytes | None]) -> Column:
    if None not in values:
        return _column(_BYTEA, len(values), _with_lengths(values))
    parts = [_ABSENT if value is None else _LENGTH.pack(len(value)) + value for value in values]
    return _column(_BYTEA, len(values), b"".join(parts))


def take_columns(connection: Connection[Any]) -> None:
    """Let a connection take columns as parameters, ``%(name)b``."""
    connection.adapters.register_dumper(Column, _Taken)


def _with_lengths(values: Sequence[Any]) -> bytes:
    lengths = list(map(len, values))
    if len(set(lengths)) == 1:
        # As hashes and numbers are.
        length = _LENGTH.pack(lengths[0])
        return length + length.join(values)
    lengths_and_values: list[bytes] = [b""] * (2 * len(values))
    lengths_and_values[::2] = map(_LENGTH.pack, lengths)
    lengths_and_values[1::2] = values
    return b"".join(lengths_and_values)


def _column(types: tuple[int, int], count: int, values: bytes) -> Column:
    one, array = types
    # One dimension, nothing said of absent values (it is looked for them), the type; the size and the first index.
    return Column(array, _ARRAY.pack(1, 0, one, count, 1) + values)


class _Taken(Dumper):
    format = Format.BINARY

    def get_key(self, obj: Column, format: PyFormat) -> Any:
        return self.cls, obj.array

    def upgrade(self, obj: Column, format: PyFormat) -> Dumper:
        dumper = _Taken(self.cls)
        dumper.oid = obj.array
        return dumper

    def dump(self, obj: Column) -> Buffer | None:
        return obj.packed
