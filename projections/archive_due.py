"""Whether the archive should be kept up; asked often, by those who need nothing else of it."""

from pathlib import Path
from typing import Final

from domain.instants import SECOND, Duration, Instant
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_name("archive_manifest.sql"))

ENOUGH: Final = 20_000
"""So many new entries are worth it at once ..."""
CALM: Final[Duration] = 60 * SECOND
"""... and fewer after so long."""


def is_due(pool: Pool, begun: Instant) -> bool:
    """``begun`` stands for when it was kept last where it never was, by the database's clock. Raises ``StoreAway``."""
    with reading(pool) as connection:
        ((behind, kept_at, now),) = connection.execute(_QUERIES["behind"]).fetchall()
    since = now - (begun if kept_at is None else kept_at)
    # After a clock was set back, that is no reason to wait.
    return behind != 0 and (behind >= ENOUGH or not 0 <= since < CALM)
