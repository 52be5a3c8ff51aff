"""Waking up when something was written. Only a hint: whoever is not told looks for itself a little later."""

import time
from pathlib import Path
from typing import Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from event_log.connections import LOST
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))
_PATIENCE: Final = 2


class Bell:
    """A connection of its own that is told of writes, opened when it is first needed and again when it was lost."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: Connection[TupleRow] | None = None

    def wait(self, seconds: float) -> None:
        """Until something is written, ``seconds`` at most."""
        try:
            for _ in self._open().notifies(timeout=seconds, stop_after=1):
                pass
        except LOST:
            self.close()
            time.sleep(seconds)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Connection[TupleRow]:
        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=_PATIENCE)
            self._connection.execute(_QUERIES["listen"])
        return self._connection
