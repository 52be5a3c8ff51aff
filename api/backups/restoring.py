"""A backup tried on a copy of it, and put in the place of the present database."""

import fcntl
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from api.backups.manifest import Backup, BackupUnfit, Manifest
from api.embedded_postgres import MAJOR, AlreadyRunning, EmbeddedPostgres, PostgresUnfit
from api.head_file import HeadFile, loss
from domain.refusals import Refusal, WrongMasterKey
from event_log.ledger import EMPTY, Head, fingerprint_of, head_of, holds
from event_log.sealing import MasterKey
from migrations.apply import SchemaUnfit, migrate

Say = Callable[[str], None]

UNKNOWN: Final = Head(0, b"?")
"""Stands for a database of which nobody can say how long its log is."""


class MasterKeyMissing(Refusal):
    """A backup never holds the master key: put the master.key of that time into TRAILBOOK_HOME first."""


class BackupOlder(Refusal):
    """This backup is older than what is known here; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """``head``: where the restored log ends; ``aside``: where the data that was there before lies now."""

    head: Head
    aside: Path | None


@contextmanager
def running_copy(backup: Backup, home: Path) -> Iterator[tuple["CopiedPostgres", Manifest, str]]:
    """A server on a copy of the backup, proved byte by byte, its schema at head; it is gone at the end.

    Yields the server, what the backup says of itself, and the conninfo. The copy is made under ``home``, beside the
    present data and never touching it. Raises ``BackupUnfit``, ``MasterKeyMissing``, ``WrongMasterKey``,
    ``PostgresUnfit``.
    """
    master = home / "master.key"
    if not master.exists():
        raise MasterKeyMissing()
    manifest = backup.verify()
    if MasterKey(master.read_bytes()).fingerprint.hex() != manifest.log:
        raise WrongMasterKey()
    with tempfile.TemporaryDirectory(prefix="restoring-", dir=home, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = CopiedPostgres(Path(folder))
        try:
            server.adopt(backup.data)
            conninfo = server.start()
            _refuse_unlike(conninfo, manifest)
            yield server, manifest, conninfo
        finally:
            server.stop()
            server.forget()


def restore(backup: Backup, home: Path, accepted: int | None, now: str, say: Say) -> Restored:
    """Put a backup in the place of the database under ``home``, which is moved aside if there is one.

    ``accepted`` is the position that the log is known to have reached, by which somebody says that losing what lies
    between is meant; ``now`` names the folder for what was there. Raises ``BackupOlder``, ``AlreadyRunning`` and what
    ``running_copy`` does; then nothing was changed.
    """
    known = _known(home, say)
    say("Verifying and copying the backup ...")
    with running_copy(backup, home) as (server, _, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            head = head_of(connection)
            older = known == UNKNOWN or not holds(connection, known)
        if older and accepted != known.position:
            raise BackupOlder(f"{_told(known, head)} If that is meant: --accept-older-than {known.position}.")
        server.stop()
        server.sync()
        return Restored(head, _put_in_place(server.home, home, head, now))


class CopiedPostgres(EmbeddedPostgres):
    """A server whose data came from elsewhere."""

    def adopt(self, data: Path) -> None:
        """Copy the data, and open it under a password of its own: the one of before was never in it."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._prepare()
        shutil.copytree(data, self._data)
        self._data.chmod(0o700)
        self._give(self._data, recursive=True)
        self._refuse_other_major()
        password = self._data.parent / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        self._give(password)
        # Without a server nobody asks for the password. It also brings the copy to a consistent state.
        done = subprocess.run(
            [self._binaries / "bin" / "postgres", "--single", "-D", self._data, "postgres"],
            input=f"alter role trailbook password '{password.read_text(encoding='ascii')}'\n".encode("ascii"),
            cwd="/",
            capture_output=True,
            check=False,
            **self._as_owner,
        )
        if done.returncode != 0:
            raise BackupUnfit(f"Postgres {MAJOR} cannot open it: {done.stderr.decode(errors='replace')[-1000:]}")

    def sync(self) -> None:
        """What was copied is on the disk, whatever happens from here on."""
        self._run("initdb", "--sync-only", "-D", str(self._data))

    def forget(self) -> None:
        shutil.rmtree(self._socket_folder, ignore_errors=True)


def _refuse_unlike(conninfo: str, manifest: Manifest) -> None:
    """What runs must be what the manifest says."""
    try:
        migrate(conninfo)
    except SchemaUnfit as error:
        raise BackupUnfit(str(error)) from None
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if (fingerprint_of(connection) or b"").hex() != manifest.log:
            raise BackupUnfit("The log in it was begun under another master key than its manifest says.")
        if not holds(connection, manifest.head):
            raise BackupUnfit(f"The log in it does not hold position {manifest.position} as its manifest says.")


def _known(home: Path, say: Say) -> Head:
    """The longest log known here, by the present database or by head.json. Raises ``AlreadyRunning``."""
    written = HeadFile(home).read() or EMPTY
    if not (home / "postgres" / "data" / "PG_VERSION").exists():
        return written
    try:
        with EmbeddedPostgres(home) as present, psycopg.connect(present.conninfo, autocommit=True) as connection:
            head = head_of(connection)
    except PostgresUnfit:
        say("The present database does not start; what is known of its log is what head.json says.")
        return UNKNOWN if written == EMPTY else written
    return max(head, written, key=lambda found: found.position)


def _told(known: Head, head: Head) -> str:
    if known == UNKNOWN:
        return f"It ends at position {head.position}, and nothing says how far the present log goes."
    return loss(known, head)


def _put_in_place(made: Path, home: Path, head: Head, now: str) -> Path | None:
    present, aside = home / "postgres", home / f"postgres-before-{now}"
    with _alone(home):
        there = present.exists()
        if there:
            present.rename(aside)
            if (home / "head.json").exists():
                shutil.copy2(home / "head.json", aside)
        # Killed here, the next start finds an empty database, and head.json refuses it.
        (made / "postgres").rename(present)
        HeadFile(home).write(head)
    return aside if there else None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """No Trailbook starts on this folder meanwhile. Raises ``AlreadyRunning``."""
    with (home / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Folder {home}.") from None
        yield
