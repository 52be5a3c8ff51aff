"""Brings a database to the newest schema: the numbered SQL files beside this module, each applied once, in order."""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

_FOLDER = Path(__file__).parent
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 8_241_000
_LONGEST_WAIT = "60s"
"""For another process that migrates."""
_LONGEST_HOLD_UP = "400ms"
"""While a migration waits for a lock, everybody who comes later waits behind it."""
_TRIES = 60
_BETWEEN_TRIES = 1.0

_TABLE = """
create table if not exists schema_migrations (
    number     integer     primary key,
    name       text        not null,
    hash       text        not null,
    applied_at timestamptz not null default now()
)
"""


class SchemaUnfit(Exception):
    """The database and this release do not belong together."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = _FOLDER) -> list[Migration]:
    """The files in order of their numbers, which run 1, 2, 3 ... without holes."""
    found = [
        Migration(int(match[1]), match[2], path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if (match := _FILE.fullmatch(path.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise SchemaUnfit("The migrations are not numbered 1, 2, 3 and so on.")
    return found


def migrate(conninfo: str, folder: Path = _FOLDER) -> None:
    """Apply what is missing, each file in a transaction of its own; any number of processes may call this at once.

    Raises ``SchemaUnfit`` when an applied file was changed since, or the database is newer than these files.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", [_LONGEST_WAIT])
        # Held by the session, so that a process that dies gives it back.
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        connection.execute(_TABLE)
        connection.execute("select set_config('lock_timeout', %s, false)", [_LONGEST_HOLD_UP])
        for migration in _missing(connection, migrations(folder)):
            _apply(connection, migration)


def _apply(connection: psycopg.Connection[TupleRow], migration: Migration) -> None:
    """All or nothing of it; who holds a lock for long is not waited for, but tried again."""
    for left in range(_TRIES - 1, -1, -1):
        try:
            with connection.transaction():
                connection.execute(migration.sql.encode())
                connection.execute(
                    "insert into schema_migrations (number, name, hash) values (%s, %s, %s)",
                    [migration.number, migration.name, migration.hash],
                )
            return
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise
            time.sleep(_BETWEEN_TRIES)


def at_head(conninfo: str, folder: Path = _FOLDER) -> bool:
    """Whether every migration, and nothing newer, is applied. Raises ``SchemaUnfit`` as ``migrate`` does."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        begun = connection.execute("select to_regclass('schema_migrations') is not null").fetchone()
        return begun == (True,) and not _missing(connection, migrations(folder))


def _missing(connection: psycopg.Connection[TupleRow], wanted: Sequence[Migration]) -> Sequence[Migration]:
    applied = connection.execute("select number, name, hash from schema_migrations order by number").fetchall()
    if len(applied) > len(wanted):
        raise SchemaUnfit(f"The database is newer than this release: it has had {applied[-1][1]}.")
    for (number, name, hashed), migration in zip(applied, wanted, strict=False):
        if hashed != migration.hash:
            raise SchemaUnfit(f"Migration {number:04} ({name}) was changed after it had been applied; add a new one.")
    return wanted[len(applied) :]
