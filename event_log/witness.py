"""What was acknowledged is remembered outside the database, so that a server that lacks it is never used."""

from pathlib import Path
from threading import Lock
from typing import Any

from psycopg import Connection
from psycopg.errors import UndefinedTable

from domain.refusals import LogWentBack
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))


class Witness:
    """Knows the last entry that was acknowledged, and holds every new connection to it.

    A log can only go back where another server answers, or the same one after a start: always over a new connection.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: tuple[int, bytes] | None = None
        self.refusal: LogWentBack | None = None
        """Why the last new connection was turned away, if it was."""

    def saw(self, position: int, leaf_hash: bytes) -> None:
        """That this entry is stored, and that somebody was told so."""
        with self._lock:
            if self._known is None or position > self._known[0]:
                self._known = position, leaf_hash

    def examine(self, connection: Connection[Any]) -> None:
        """Raises ``LogWentBack``."""
        known = self._known
        self.refusal = None if known is None else _loss(connection, *known)
        if self.refusal is not None:
            raise self.refusal


def _loss(connection: Connection[Any], position: int, leaf_hash: bytes) -> LogWentBack | None:
    try:
        row = connection.execute(_QUERIES["holds"], {"position": position, "leaf_hash": leaf_hash}).fetchone()
    except UndefinedTable:
        row = (None, False)
    end, holds = row or (None, False)
    if holds:
        return None
    if end is None or end < position:
        return LogWentBack(f"It ends at position {end or 0}, and position {position} had been acknowledged.")
    return LogWentBack(f"At position {position} it holds another entry than the one acknowledged.")
