"""Many rows into the tables of a version, through tables of the transaction: copied there, and taken from there."""

from collections import defaultdict
from pathlib import Path
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from event_log.named_sql import named_queries

_QUERIES: Final = named_queries(Path(__file__).with_suffix(".sql"))

TABLES: Final = ("sellers", "standing", "stays", "trail", "opportunities")
MOST: Final = 1 << 22
"""So many bytes of a table are waited for before they are written."""


class Copying:
    """Within one transaction; ``end`` writes what still waits."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection
        self._waiting: dict[str, list[bytes]] = defaultdict(list)
        for table in TABLES:
            connection.execute(_QUERIES[f"room_for_{table}"])

    def add(self, table: str, rows: bytes) -> None:
        """``rows`` as CSV, in the order of the columns in the SQL."""
        waiting = self._waiting[table]
        waiting.append(rows)
        if sum(map(len, waiting)) > MOST:
            self._write(table)

    def end(self) -> None:
        for table in TABLES:
            self._write(table)

    def beat(self) -> None:
        """A sign of life."""
        self._connection.execute(_QUERIES["beat"])

    def _write(self, table: str) -> None:
        waiting = self._waiting.pop(table, None)
        if not waiting:
            return
        with self._connection.cursor().copy(_QUERIES[f"copy_{table}"]) as copy:
            for rows in waiting:
                copy.write(rows)
        self._connection.execute(_QUERIES[f"take_{table}"])
        self._connection.execute(_QUERIES[f"empty_{table}"])
