"""The command line: data on standard output, everything else on standard error; exit 0, 1 (a fault) or 2 (usage)."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from api.archive_commands import archive_commands
from api.backtest_commands import backtest_commands
from api.backup_commands import backup_commands
from api.decision_commands import decision_commands
from api.importing import read_all, store
from api.key_commands import key_commands
from api.operating_commands import operating_commands
from api.replaying import Engine, numbered_versions, replayed, single_version
from api.rulebook_commands import rulebook_commands
from api.sample_command import sample_command
from api.serving import serve
from api.settings import Settings
from api.terminal import instant_of, refusals_told, say, wired
from api.timeline import show_timeline
from api.wiring import database
from api.worker import stop_on_signals, work
from domain.instants import Instant, of_datetime
from migrations.apply import migrate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """The entry point of `trailbook`."""
    # The language of a terminal must not decide whether Chinese can be printed.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for fault in error.errors():
            setting = str(fault["loc"][0])
            say(f"{setting if setting == 'PORT' else f'TRAILBOOK_{setting.upper()}'}: {fault['msg']}.")
        sys.exit(2)


@app.callback()
def trailbook() -> None:
    """The history of every customer as facts, and where they stand by replay."""


@app.command(
    epilog="Example: trailbook replay --facts facts.ndjson --rulebook rulebook.yaml --as-of 2026-04-30T16:00:00Z. "
    "From the database: trailbook replay wmAbc123 --journey course-sales"
)
def replay(
    name: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="From the database, with --journey.")] = None,
    journey: Annotated[str | None, typer.Option(help="The journey, from the database.")] = None,
    facts: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="NDJSON; .gz, .zst too.")] = None,
    rulebook: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="One document.")] = None,
    rulebooks: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="NDJSON of versions.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The clock of the fold; default now.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what was recorded by then; default everything.")] = None,
    customer: Annotated[str | None, typer.Option(help="With --facts: only this customer.")] = None,
    trail: Annotated[bool, typer.Option("--trail", help="With --facts: add the steps with their causes.")] = False,
    engine: Annotated[Engine, typer.Option(help="With --facts: vector is compiled; both say the same.")] = "reference",
) -> None:
    """Fold a file of facts without a database, one JSON line a customer; or one customer from the database."""
    clock = of_datetime(datetime.now(UTC)) if as_of is None else instant_of(as_of, "--as-of")
    known = None if known_at is None else instant_of(known_at, "--known-at")
    if facts is None:
        if name is None or journey is None:
            raise typer.BadParameter("Give --facts with --rulebook, or a customer with --journey.")
        _replay_stored(name, journey, clock, known)
        return
    if (rulebook is None) == (rulebooks is None):
        raise typer.BadParameter("Give either --rulebook or --rulebooks.")
    with refusals_told():
        versions = single_version(rulebook) if rulebook is not None else numbered_versions(rulebooks or Path())
        # Nothing is printed before everything could be read.
        lines = list(replayed(facts, versions, clock, known, customer, trail, engine))
    for line in lines:
        typer.echo(line)


def _replay_stored(customer: str, journey: str, as_of: Instant, known_at: Instant | None) -> None:
    with wired() as service:
        show_timeline(service, customer, journey, as_of, known_at)


@app.command(name="serve", epilog="Example: trailbook serve --all")
def serve_command(
    everything: Annotated[bool, typer.Option("--all", help="The database, the service and the sample.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
) -> None:
    """Serve the API on the embedded Postgres, or on TRAILBOOK_DATABASE_URL."""
    with refusals_told():
        serve(Settings(), say, everything=everything, workers=workers)


@app.command(name="work", epilog="Example: trailbook work")
def work_command() -> None:
    """Keep the projections up to date until stopped; `serve --all` does this too."""
    with refusals_told():
        work(Settings(), stop_on_signals())


@app.command(name="migrate", epilog="Example: trailbook migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    with refusals_told(), database(Settings()) as conninfo:
        migrate(conninfo)
    say("The schema is up to date.")


@app.command(name="import", epilog="Example: trailbook import facts.ndjson.gz")
def import_command(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE...")],
    on_error: Annotated[Literal["stop", "skip"], typer.Option(help="stop stores nothing if a line is bad.")] = "stop",
) -> None:
    """Store facts from files; importing the same again is harmless."""
    with wired() as service:
        read = [read_all(path, service.log.reading.now() + service.ahead) for path in paths]
        bad = [(path, fault) for path, (_, faults) in zip(paths, read, strict=True) for fault in faults]
        for path, fault in bad:
            say(f"{path}: {fault}")
        if bad and on_error == "stop":
            say("Nothing was stored.")
            raise typer.Exit(1)
        sent = [item for good, _ in read for item in good]
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Storing facts", total=len(sent))
            done = store(service, sent, lambda count: progress.advance(task, count))
    typer.echo(f'{{"accepted": {done.accepted}, "duplicates": {done.duplicates}, "position": {done.position}}}')
    raise typer.Exit(1 if bad else 0)


# The order in which `trailbook --help` shows them.
app.add_typer(backtest_commands)
app.add_typer(operating_commands)
app.add_typer(backup_commands)
app.add_typer(decision_commands)
app.add_typer(sample_command)
app.add_typer(rulebook_commands, name="rulebook")
app.add_typer(archive_commands, name="archive")
app.add_typer(key_commands, name="keys")


if __name__ == "__main__":
    main()
