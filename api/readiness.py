"""Whether the service can do its work: the database answers, its schema is ours, and a writer comes to the log."""

from pathlib import Path
from typing import Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.refusals import Fault, LogWentBack, StoreAway, Unavailable
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries
from migrations.apply import migrations

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

PATIENCE: Final = "1s"
"""How long the writers' lock may take."""


class NotReady(Unavailable):
    """The service cannot do its work at the moment."""


def refuse_unready(pool: Pool) -> None:
    """Raises ``NotReady`` with what is missing."""
    missing = []
    try:
        with reading(pool) as connection:
            schema, ours = schema_of(connection), len(migrations())
            if schema != ours:
                missing.append(f"The schema of the database is number {schema}, and this release needs {ours}.")
            if not _comes_to_the_log(connection):
                missing.append("No writer comes to the log: one has kept it to itself for a second.")
    except LogWentBack as refusal:
        missing.append(str(refusal))
    except StoreAway:
        missing.append("The database does not answer.")
    if missing:
        raise NotReady(faults=[Fault(reason) for reason in missing])


def _comes_to_the_log(connection: Connection[TupleRow]) -> bool:
    try:
        with connection.transaction():
            connection.execute(_QUERIES["wait_at_most"], {"timeout": PATIENCE})
            connection.execute(_QUERIES["pass_through_lock"])
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def schema_of(connection: Connection[TupleRow]) -> int:
    """The number of the newest migration that was applied."""
    (number,) = connection.execute(_QUERIES["schema"]).fetchone() or (0,)
    return int(number)
