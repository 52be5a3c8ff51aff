"""The command line: data on standard output, everything else on standard error; exit 0, 1 (a fault) or 2 (usage)."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from uuid import uuid4
from zoneinfo import available_timezones

import typer
from rich.console import Console
from rich.progress import Progress

from api.commands import void
from api.course_sales.world import World
from api.importing import read_all, store
from api.key_commands import key_commands
from api.previewing import show_preview
from api.publishing import Draft, first, publish
from api.replaying import numbered_versions, read_rulebook, read_text, replayed, single_version
from api.sample_file import write_facts, write_rulebooks
from api.sample_workspace import last_day, load_course_sales, rulebook_versions, yesterday
from api.serving import serve
from api.settings import Settings
from api.timeline import show_timeline
from api.wiring import database, service
from api.worker import stop_on_signals, work
from domain.instants import Instant, instant, of_datetime, rfc_3339
from domain.journey.machine import StageMachine
from domain.refusals import NotAnInstant, Refusal
from domain.rulebook.lint import lint as findings_of
from domain.rulebook.reader import read
from migrations.apply import migrate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
rulebook_commands = typer.Typer(no_args_is_help=True, help="Check and draw rulebooks.")
app.add_typer(rulebook_commands, name="rulebook")
app.add_typer(key_commands, name="keys")

ExistingFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def main() -> None:
    """The entry point of `trailbook`."""
    # The language of a terminal must not decide whether Chinese can be printed.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    app()


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
    engine: Annotated[str, typer.Option(help="reference")] = "reference",
) -> None:
    """Fold a file of facts without a database, one JSON line a customer; or one customer from the database."""
    if engine != "reference":
        raise typer.BadParameter("The engine is reference; the vector engine is not built yet.", param_hint="--engine")
    clock = of_datetime(datetime.now(UTC)) if as_of is None else _instant(as_of, "--as-of")
    known = None if known_at is None else _instant(known_at, "--known-at")
    if facts is None:
        if name is None or journey is None:
            raise typer.BadParameter("Give --facts with --rulebook, or a customer with --journey.")
        _replay_stored(name, journey, clock, known)
        return
    if (rulebook is None) == (rulebooks is None):
        raise typer.BadParameter("Give either --rulebook or --rulebooks.")
    try:
        versions = single_version(rulebook) if rulebook is not None else numbered_versions(rulebooks or Path())
        # Nothing is printed before everything could be read.
        lines = list(replayed(facts, versions, clock, known, customer, trail))
    except Refusal as refusal:
        _fail(refusal)
    for line in lines:
        typer.echo(line)


def _replay_stored(customer: str, journey: str, as_of: Instant, known_at: Instant | None) -> None:
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            show_timeline(wired, customer, journey, as_of, known_at)
    except Refusal as refusal:
        _fail(refusal)


@app.command(name="serve", epilog="Example: trailbook serve --all")
def serve_command(
    everything: Annotated[bool, typer.Option("--all", help="The database, the service and the sample.")] = False,
) -> None:
    """Serve the API on the embedded Postgres, or on TRAILBOOK_DATABASE_URL."""
    try:
        serve(Settings(), _say, everything=everything)
    except Refusal as refusal:
        _fail(refusal)


@app.command(name="work", epilog="Example: trailbook work")
def work_command() -> None:
    """Keep the projections up to date until stopped; `serve --all` does this too."""
    try:
        work(Settings(), stop_on_signals())
    except Refusal as refusal:
        _fail(refusal)


@app.command(name="migrate", epilog="Example: trailbook migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    try:
        with database(Settings()) as conninfo:
            migrate(conninfo)
    except Refusal as refusal:
        _fail(refusal)
    _say("The schema is up to date.")


@app.command(epilog="Example: trailbook status")
def status() -> None:
    """Say how long the log is and how far the projections are."""
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            head, (position, until) = wired.log.reading.head(), wired.board.worked()
    except Refusal as refusal:
        _fail(refusal)
    typer.echo(f"log        position {head}")
    typer.echo(f"standing   position {position}, behind by {head - position}, worked until {rfc_3339(until)}")


@app.command(name="import", epilog="Example: trailbook import facts.ndjson.gz")
def import_command(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE...")],
    on_error: Annotated[Literal["stop", "skip"], typer.Option(help="stop stores nothing if a line is bad.")] = "stop",
) -> None:
    """Store facts from files; importing the same again is harmless."""
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            read = [read_all(path, wired.log.reading.now() + wired.ahead) for path in paths]
            bad = [(path, fault) for path, (_, faults) in zip(paths, read, strict=True) for fault in faults]
            for path, fault in bad:
                typer.echo(f"{path}: {fault}", err=True)
            if bad and on_error == "stop":
                typer.echo("Nothing was stored.", err=True)
                raise typer.Exit(1)
            sent = [item for good, _ in read for item in good]
            with Progress(console=Console(stderr=True)) as progress:
                task = progress.add_task("Storing facts", total=len(sent))
                done = store(wired, sent, lambda count: progress.advance(task, count))
    except Refusal as refusal:
        _fail(refusal)
    typer.echo(f'{{"accepted": {done.accepted}, "duplicates": {done.duplicates}, "position": {done.position}}}')
    raise typer.Exit(1 if bad else 0)


@app.command(name="void", epilog='Example: trailbook void 164540 --reason "Wrong customer"')
def void_command(
    position: Annotated[int, typer.Argument(min=1, help="Where the fact stands in the log.")],
    reason: Annotated[str, typer.Option(help="Why, for those who ask later.")],
) -> None:
    """Take a wrong fact out of every fold from now on; it stays in the log."""
    if not reason.strip():
        raise typer.BadParameter("Say why, in a text.", param_hint="--reason")
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            done = void(wired, position, reason, "command line", str(uuid4()))
    except Refusal as refusal:
        _fail(refusal)
    typer.echo(f"position {position} is voided, by position {done.position}")


@app.command(
    epilog="Example: trailbook sample course-sales --customers 2000 --days 120 --seed 1. "
    "Into files: trailbook sample course-sales --out facts.ndjson.gz --rulebooks rulebooks.ndjson"
)
def sample(
    name: Annotated[Literal["course-sales"], typer.Argument(help="Which sample.")],
    customers: Annotated[int, typer.Option(min=1)] = 2000,
    days: Annotated[int, typer.Option(min=2, max=730)] = 120,
    seed: Annotated[int, typer.Option(help="The same seed, days and last day give the same facts.")] = 1,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; default yesterday.")] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="A file (.ndjson, .ndjson.gz), no database.")] = None,
    rulebooks: Annotated[Path | None, typer.Option(dir_okay=False, help="With --out: the rulebooks' file.")] = None,
) -> None:
    """Make the customers of a course seller, alive to yesterday; loading the same again is harmless."""
    if rulebooks is not None and out is None:
        raise typer.BadParameter("It goes with --out.", param_hint="--rulebooks")
    if out is not None:
        last = until.date() if until is not None else yesterday(of_datetime(datetime.now(UTC)))
        world = World(customers, days, seed, last)
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Writing customers", total=customers)
            written = write_facts(out, world, lambda: progress.advance(task))
        if rulebooks is not None:
            write_rulebooks(rulebooks, rulebook_versions(world))
        _say(f"{out}: {written:,} lines, up to {last}.")
        return
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            last = until.date() if until is not None else last_day(wired)
            done = load_course_sales(wired, World(customers, days, seed, last), _say)
    except Refusal as refusal:
        _fail(refusal)
    if not done.accepted:
        _say("All of it was there already; nothing changed.")
    typer.echo(f'{{"accepted": {done.accepted}, "duplicates": {done.duplicates}, "position": {done.position}}}')


@rulebook_commands.command(epilog="Example: trailbook rulebook lint rulebook.yaml")
def lint(file: ExistingFile) -> None:
    """Say what is wrong with a rulebook, with line and column; exit 1 on errors."""
    try:
        book = read(read_text(file))
        findings = findings_of(book.document, available_timezones(), book.places)
    except Refusal as refusal:
        _fail(refusal)
    for finding in findings:
        typer.echo(f"{file}: {finding.severity}: {finding}")
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)
    typer.echo(f"{file}: no errors.", err=True)


@rulebook_commands.command(
    name="publish", epilog='Example: trailbook rulebook publish rulebook.yaml --because "First rules"'
)
def publish_command(
    file: ExistingFile,
    because: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    effective_from: Annotated[str, typer.Option(help="A time, or always; default now.")] = "",
    retroactive: Annotated[bool, typer.Option("--retroactive", help="Allow a time in the past.")] = False,
    based_on: Annotated[int | None, typer.Option(min=1, help="The newest version; none for a first one.")] = None,
) -> None:
    """Publish a version of a journey's rulebook."""
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            text = read_text(file)
            draft = Draft(text, because, None if effective_from == "always" else effective_from, retroactive)
            newest = (lambda found: found is not None and found.version == based_on) if based_on else first
            published = publish(wired, read_rulebook(file).journey, draft, "command line", newest)
    except Refusal as refusal:
        _fail(refusal)
    typer.echo(f"{published.journey} version {published.version}, position {published.position}, hash {published.hash}")


@rulebook_commands.command(
    name="preview",
    epilog="Example: trailbook rulebook preview rulebook.yaml --effective-from 2026-12-01T00:00:00Z",
)
def preview_command(
    file: ExistingFile,
    effective_from: Annotated[str, typer.Option(help="A time, or always; default now.")] = "",
    retroactive: Annotated[bool, typer.Option("--retroactive", help="Allow a time in the past.")] = False,
    journey: Annotated[str | None, typer.Option(help="The journey it must be of; default what it says.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Say who would move, and where to, if this version came into force; nothing is stored."""
    settings = Settings()
    try:
        with database(settings) as conninfo, service(settings, conninfo) as wired:
            draft = Draft(read_text(file), "", None if effective_from == "always" else effective_from, retroactive)
            show_preview(wired, journey or read_rulebook(file).journey, draft, as_json=as_json)
    except Refusal as refusal:
        _fail(refusal)


@rulebook_commands.command(epilog="Example: trailbook rulebook diagram rulebook.yaml")
def diagram(file: ExistingFile, language: Annotated[str, typer.Option(help="zh or en")] = "zh") -> None:
    """Print the stages and moves as a Mermaid diagram."""
    try:
        typer.echo(StageMachine(read_rulebook(file)).mermaid(language), nl=False)
    except Refusal as refusal:
        _fail(refusal)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _instant(text: str, option: str) -> Instant:
    try:
        return instant(text)
    except NotAnInstant as refusal:
        raise typer.BadParameter(str(refusal), param_hint=option) from None


def _fail(refusal: Refusal) -> NoReturn:
    typer.echo(str(refusal), err=True)
    for fault in refusal.faults:
        typer.echo(f"  {fault}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
