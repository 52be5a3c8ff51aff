"""`trailbook archive`: keep it up, check it against the log, make it anew, merge it, say how it is."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import Settings
from api.terminal import refusals_told, say, wired
from domain.instants import Instant, rfc_3339

archive_commands = typer.Typer(no_args_is_help=True, help="All facts as columns, in files beside the log.")


@archive_commands.command(epilog="Example: trailbook archive status")
def status() -> None:
    """Say how far the archive is, how large, and when it was last checked."""
    with wired() as service:
        found = service.archive.status()
    times = {"kept_at": _time(found.kept_at), "checked_at": _time(found.checked_at)}
    _print({**asdict(found), **times})


@archive_commands.command(epilog="Example: trailbook archive keep")
def keep() -> None:
    """Archive all that is known now. Whatever follows the log does this by itself, a minute late."""
    alone = Settings().parent is None
    if not alone:
        # In the background: everything else goes first, and nobody looks.
        os.nice(10)
    with wired() as service, refusals_told():
        with _progress("Archiving", shown=alone) as said:
            position = service.archive.keep_up(said)
        service.archive.compact()
    _print({"position": position})


@archive_commands.command(epilog="Example: trailbook archive check")
def check() -> None:
    """Compare it with the log: files, count and hash of each split, the order of facts. Exit 1 if it differs."""
    with wired() as service, refusals_told(), _progress("Checking") as said:
        for checked in service.archive.check(said):
            _print(checked.as_json())
    say("The archive says what the log says.")


@archive_commands.command(epilog="Example: trailbook archive rebuild --splits 64")
def rebuild(
    splits: Annotated[int, typer.Option(min=1, max=65_536, help="A power of two: about a million facts each.")] = 16,
) -> None:
    """Make all of it anew beside what there is, and switch to it in one step."""
    if splits & (splits - 1):
        raise typer.BadParameter("It must be a power of two.", param_hint="--splits")
    with wired() as service, refusals_told(), _progress("Archiving") as said:
        position = service.archive.rebuild(splits, said)
    _print({"position": position})


@archive_commands.command(epilog="Example: trailbook archive compact")
def compact() -> None:
    """Merge what was written piece by piece, and remove files that nobody reads any more."""
    with wired() as service, refusals_told():
        while service.archive.compact():
            pass
        found = service.archive.status()
    _print({"segments": found.segments, "bytes": found.bytes})


@contextmanager
def _progress(text: str, shown: bool = True) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        task = progress.add_task(text, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=max(total, 1))


def _print(line: dict[str, Any]) -> None:
    typer.echo(json.dumps(line))


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else rfc_3339(instant)
