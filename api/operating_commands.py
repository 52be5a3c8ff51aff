"""`trailbook status`, `pause`, `resume`, `parked` and `rebuild`: for whoever runs it on the server."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import Settings
from api.terminal import refusals_told, say, wired
from api.wiring import database
from api.worker import follower_pool, work_of
from domain.instants import rfc_3339
from event_log.operating import Status
from migrations.apply import migrate
from projections.rebuild import Rebuild, Switched

operating_commands = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="PROJECTION", help="For example journeys.")]
GLANCE: Final = 0.05
"""Seconds between two looks at who else may have built."""


@operating_commands.command(epilog="Example: trailbook status")
def status() -> None:
    """Say how long the log is, how far the projections are, and what holds them up."""
    with wired() as service:
        found = service.operating.status()
    typer.echo(f"log        position {found.head}")
    for line in _lines(found):
        typer.echo(line)


@operating_commands.command(epilog="Example: trailbook pause journeys")
def pause(name: Name = "journeys") -> None:
    """Let a projection's rows stand still; the log goes on."""
    with wired() as service:
        service.operating.pause(name)
    say(f"{name} stands still; `trailbook resume {name}` lets it go on.")


@operating_commands.command(epilog="Example: trailbook resume journeys")
def resume(name: Name = "journeys") -> None:
    """Let a projection go on where it stood."""
    with wired() as service:
        service.operating.resume(name)
    say(f"{name} goes on.")


@operating_commands.command(epilog="Example: trailbook parked --retry 1204")
def parked(
    retry: Annotated[int | None, typer.Option(metavar="POSITION", help="Try again who is parked there.")] = None,
) -> None:
    """List the customers whose facts could not be applied, one a line; or have some tried again."""
    with wired() as service:
        if retry is not None:
            service.operating.try_again(retry)
            say("It will be tried again in a moment.")
            return
        found = service.operating.parked(0, 10_000)
    if not found:
        say("Nobody is parked.")
    for one in found:
        typer.echo("\t".join((str(one.position), one.customer or str(one.number), one.reason, rfc_3339(one.parked_at))))


@operating_commands.command(epilog="Example: trailbook rebuild")
def rebuild(
    name: Name = "journeys",
    back: Annotated[bool, typer.Option("--back", help="Go back to the version that was live before.")] = False,
) -> None:
    """Build a projection anew beside the live one, compare it with a fresh fold, and switch to it.

    Ended half-way it goes on where it stood: by the same command, or by whatever follows the log.
    """
    if name != Rebuild.name:
        raise typer.BadParameter("There is one projection: journeys.", param_hint="PROJECTION")
    settings = Settings()
    with refusals_told(), database(settings) as conninfo:
        migrate(conninfo)
        with closing(follower_pool(conninfo)) as pool:
            ours = work_of(pool, settings)
            version = ours.rebuild.begin(back=back)
            say(f"Building version {version} of {name} beside the live one ...")
            begun = time.monotonic()
            try:
                switched = _built(ours.rebuild, version, ours.followers.step)
            finally:
                ours.followers.give_back()
    compared = "compared by another process"
    if switched.compared is not None:
        compared = f"{switched.compared} customers compared with a fresh fold"
    say(f"Version {version} is live; {compared}; {time.monotonic() - begun:.1f} s.")


def _built(rebuild: Rebuild, version: int, step: Callable[[], bool]) -> Switched:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Entries", total=None)
        while True:
            more = step()
            far = rebuild.progress(version)
            progress.update(task, completed=far.position, total=max(far.head, 1))
            if more:
                continue
            switched = rebuild.finish_if_ready()
            if switched is not None:
                return switched
            if rebuild.building() != version:
                return rebuild.became_of(version)
            time.sleep(GLANCE)


def _lines(status: Status) -> list[str]:
    lines = []
    for version in status.versions:
        behind = f"behind by {status.head - version.position}, worked until {rfc_3339(version.worked_until)}"
        notes: list[str] = [version.state] if version.state != "live" else []
        notes += ["paused"] if version.paused else []
        notes += [f"{version.parked} parked"] if version.parked else []
        notes += sorted({f"waits for {one.waits_for}" for one in version.partitions if one.waits_for})
        if version.state != "kept" and not any(one.holder for one in version.partitions):
            notes.append("nobody follows: start trailbook work")
        name = f"{version.projection} {version.version}"
        lines.append(f"{name:<10} position {version.position}, {behind}{''.join(f', {note}' for note in notes)}")
    return lines
