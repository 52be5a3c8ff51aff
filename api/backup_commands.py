"""`trailbook backup` and `trailbook restore`: a copy of everything but the master key, proved before it is trusted."""

import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.progress import Progress

from api.backups.checking import Checked, check_log
from api.backups.manifest import Backup
from api.backups.restoring import restore, running_copy
from api.backups.taking import take
from api.head_file import HeadFile, loss
from api.settings import Settings
from api.terminal import refusals_told, say
from api.wiring import database, master_key, wired_log
from domain.instants import of_datetime, rfc_3339
from domain.refusals import Refusal
from event_log.connections import open_pool
from event_log.ledger import head_of, holds

backup_commands = typer.Typer()


class NotOurDatabase(Refusal):
    """TRAILBOOK_DATABASE_URL names a database that is not ours to copy: use its own backups (pg_basebackup with WAL
    archiving, or the snapshots of whoever runs it), and keep master.key apart from them."""


@backup_commands.command(name="backup", epilog="Example: trailbook backup /backups/2026-03-01")
def backup_command(
    folder: Annotated[Path, typer.Argument(file_okay=False, metavar="DIR", help="New or empty.")],
) -> None:
    """Copy the whole database while it runs, and prove the copy. The master key is never in it: keep it elsewhere."""
    with refusals_told():
        settings = _settings_of_ours()
        with database(settings) as conninfo:
            manifest = take(conninfo, folder, rfc_3339(of_datetime(datetime.now(UTC))), version("trailbook"))
    say(f"The backup in {folder} holds at least the log up to position {manifest.position}, and every byte was proved.")
    say(f"It opens only with {settings.home / 'master.key'}, which is not in it: keep a copy of that file elsewhere.")


@backup_commands.command(
    name="restore",
    epilog="Example: trailbook restore /backups/2026-03-01 --check; then the same without --check, the service stopped",
)
def restore_command(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, metavar="DIR")],
    check: Annotated[bool, typer.Option("--check", help="Prove the backup; change nothing.")] = False,
    older: Annotated[
        int | None,
        typer.Option("--accept-older-than", metavar="POSITION", help="Lose what lies between it and this position."),
    ] = None,
) -> None:
    """Put a backup in the place of the database in TRAILBOOK_HOME, which is moved aside; --check only proves it."""
    with refusals_told():
        settings = _settings_of_ours()
        if check:
            _check(Backup(folder), settings)
            return
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        done = restore(Backup(folder), settings.home, older, now, say)
    say(f"Restored: the log ends at position {done.head.position}.")
    if done.aside is not None:
        say(f"What was there before lies in {done.aside}.")


def _settings_of_ours() -> Settings:
    settings = Settings()
    if settings.database_url is not None:
        raise NotOurDatabase()
    return settings


def _check(backup: Backup, settings: Settings) -> None:
    begun = time.monotonic()
    say("Verifying and copying the backup ...")
    with running_copy(backup, settings.home) as (_, manifest, conninfo):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            head = head_of(connection)
            known = HeadFile(settings.home).read()
            older = known if known is not None and not holds(connection, known) else None
        checked = _checked(conninfo, settings, head.position)
    say(
        f"Sound: {checked.entries} entries hashed, {checked.keys} keys unwrapped, {checked.folded} customers folded, "
        f"in {time.monotonic() - begun:.1f} s. Taken {manifest.taken_at}, the log ends at position {head.position}."
    )
    if older is not None:
        say(f"It is older than what is known here. {loss(older, head)}")


def _checked(conninfo: str, settings: Settings, head: int) -> Checked:
    pool = open_pool(conninfo, statement_timeout=600)
    try:
        log = wired_log(pool, master_key(settings.home))
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Hashing entries", total=head)
            return check_log(pool, log, log.reading.now(), lambda position: progress.update(task, completed=position))
    finally:
        pool.close()
