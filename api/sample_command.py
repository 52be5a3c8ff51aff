"""`trailbook sample`: a living sample of any size, into the database or into files."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from api.course_sales.world import World
from api.sample_file import write_facts, write_rulebooks
from api.sample_workspace import (
    GROCERY,
    last_day,
    load_course_sales,
    load_grocery,
    rulebook_versions,
    yesterday,
)
from api.terminal import say, wired
from domain.instants import of_datetime

sample_command = typer.Typer()


@sample_command.command(
    epilog="Example: trailbook sample course-sales --customers 2000 --days 120 --seed 1; trailbook sample grocery. "
    "Into files: trailbook sample course-sales --out facts.ndjson.gz --rulebooks rulebooks.ndjson"
)
def sample(
    name: Annotated[Literal["course-sales", "grocery"], typer.Argument(help="The options are for course-sales.")],
    customers: Annotated[int, typer.Option(min=1)] = 2000,
    days: Annotated[int, typer.Option(min=2, max=730)] = 120,
    seed: Annotated[int, typer.Option(help="The same seed, days and last day give the same facts.")] = 1,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; default yesterday.")] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="A file (.ndjson, .ndjson.gz), no database.")] = None,
    rulebooks: Annotated[Path | None, typer.Option(dir_okay=False, help="With --out: the rulebooks' file.")] = None,
) -> None:
    """Load a course seller's customers, alive to yesterday, or a grocery chain's; once more is harmless."""
    if name == GROCERY:
        with wired() as service:
            load_grocery(service, say)
        return
    if rulebooks is not None and out is None:
        raise typer.BadParameter("It goes with --out.", param_hint="--rulebooks")
    last = until.date() if until is not None else None
    if out is None:
        _load(customers, days, seed, last)
    else:
        world = World(customers, days, seed, last or yesterday(of_datetime(datetime.now(UTC))))
        _write(world, out, rulebooks)


def _load(customers: int, days: int, seed: int, last: date | None) -> None:
    with wired() as service:
        done = load_course_sales(service, World(customers, days, seed, last or last_day(service)), say)
    if not done.accepted:
        say("All of it was there already; nothing changed.")
    typer.echo(f'{{"accepted": {done.accepted}, "duplicates": {done.duplicates}, "position": {done.position}}}')


def _write(world: World, out: Path, rulebooks: Path | None) -> None:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Writing customers", total=world.customers)
        written = write_facts(out, world, lambda: progress.advance(task))
    if rulebooks is not None:
        write_rulebooks(rulebooks, rulebook_versions(world))
    say(f"{out}: {written:,} lines, up to {world.last_day}.")
