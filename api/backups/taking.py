"""Taking a backup of the embedded database while it runs."""

from pathlib import Path

import psycopg

from api.backups.manifest import Backup, Manifest
from api.backups.programs import run_on
from api.readiness import schema_of
from domain.refusals import Refusal
from event_log.ledger import fingerprint_of, head_of


class FolderTaken(Refusal):
    """A backup goes into a folder of its own; this one is not empty."""


class NothingThere(Refusal):
    """No log was ever begun in this database; there is nothing to back up."""


class BackupFailed(Refusal):
    """The copy was not finished; what it says stands above. There is no backup."""


def take(conninfo: str, folder: Path, taken_at: str, release: str) -> Manifest:
    """Copy the whole database, prove the copy, and say what it is; ``taken_at`` is when it was begun.

    Raises ``FolderTaken``, ``NothingThere``, ``BackupFailed``, ``BackupUnfit``.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderTaken(f"It is {folder}.")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        log = fingerprint_of(connection)
        if log is None:
            raise NothingThere()
        head, schema = head_of(connection), schema_of(connection)
    backup = Backup(folder)
    backup.begin()
    if not run_on(conninfo, "pg_basebackup", *_whole_copy(backup.data)):
        raise BackupFailed()
    return backup.seal(Manifest(taken_at, release, schema, log.hex(), head.position, head.leaf_hash.hex(), files={}))


def _whole_copy(data: Path) -> list[str]:
    """With the log of Postgres streamed beside, so that the copy stands for itself."""
    return [
        f"--pgdata={data}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--progress",
        "--no-password",
    ]
