"""Columns arrive as they were packed, whatever they hold."""

from typing import Any
from uuid import UUID

import pytest

from event_log.columns import Column, bigints, byteas, texts, uuids
from event_log.connections import Pool, borrowed

ONE, OTHER = UUID(int=1), UUID(int=2**128 - 1)
COLUMNS: list[tuple[Column, list[Any]]] = [
    (uuids([ONE.bytes, OTHER.bytes]), [ONE, OTHER]),
    (bigints([0, -1, 2**63 - 1, -(2**63)]), [0, -1, 2**63 - 1, -(2**63)]),
    (texts(["", "电话 😀", 'a"b\\c,{}', "", "电话 😀"]), ["", "电话 😀", 'a"b\\c,{}', "", "电话 😀"]),
    (byteas([b"", b"\0\xff", b"x" * 70_000]), [b"", b"\0\xff", b"x" * 70_000]),
    (byteas([b"ab", b"cd"]), [b"ab", b"cd"]),
    (byteas([b"ab", None, b""]), [b"ab", None, b""]),
    (byteas([None]), [None]),
]
EMPTY = [uuids([]), bigints([]), texts([]), byteas([])]


@pytest.mark.parametrize(("column", "values"), COLUMNS)
def test_a_column_arrives_as_it_was_packed(pool: Pool, column: Column, values: list[Any]) -> None:
    with borrowed(pool) as connection:
        rows = connection.execute("select * from unnest(%(column)b)", {"column": column}).fetchall()
    assert [value for (value,) in rows] == values


def test_columns_side_by_side_keep_their_types(pool: Pool) -> None:
    # In one statement, so that a parameter cannot take the type of another.
    with borrowed(pool) as connection, connection.cursor() as cursor:
        for columns in ([column for column, _ in COLUMNS], EMPTY):
            values = {str(number): column for number, column in enumerate(columns)}
            query = "select " + ", ".join(f"pg_typeof(%({name})b)::text" for name in values)
            assert cursor.execute(query.encode(), values).fetchone() == tuple(
                {2951: "uuid[]", 1016: "bigint[]", 1009: "text[]", 1001: "bytea[]"}[column.array] for column in columns
            )
