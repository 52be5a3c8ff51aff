"""`trailbook backtest`: a candidate on a file of facts, without a database, or on all that the database knows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.asking_backtests import Asked
from api.backtest_in_terminal import Language, show_backtest
from api.beside import ended_without
from api.replaying import numbered_versions, read_text, single_version
from api.settings import Settings
from api.terminal import instant_of, refusals_told, say, wired
from domain.instants import duration, of_datetime, rfc_3339
from domain.refusals import NotADuration

if TYPE_CHECKING:
    from api.running_backtest import Said
    from api.trying_out import Came, Trial
    from backtest.engines import Engine

backtest_commands = typer.Typer()

SHOWN: Final = 5
"""Customers who differ, in the terminal."""
WIDTH_OF_A_FILE: Final = 120
NICE: Final = 15
"""Followers and answers come first: what runs beside them takes what they leave."""


@backtest_commands.command(
    epilog="Example: trailbook backtest --journey course-sales --candidate new.yaml --from 2026-01-01T00:00:00+08:00 "
    "--outcome order.paid --within 7d --vary moves.silent.after=7d,14d,21d. "
    "Without a database: add --facts facts.ndjson.gz --rulebook rulebook.yaml"
)
def backtest(
    journey: Annotated[str, typer.Option(help="The journey that the candidate is of.")],
    candidate: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The rulebook to try.")],
    facts: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="NDJSON; .gz, .zst too.")] = None,
    rulebook: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="What to compare with.")] = None,
    rulebooks: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="NDJSON of versions.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="The candidate is in force from then on; default always.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="The end of the period; default now.")] = None,
    outcome: Annotated[str | None, typer.Option(help="A type of fact that is hoped for, with --within.")] = None,
    within: Annotated[str | None, typer.Option(help="How long after a card, for example 7d.")] = None,
    vary: Annotated[str | None, typer.Option(metavar="PATH=V1,V2,...", help="A value to vary.")] = None,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Where report and customers are written.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    language: Annotated[Language, typer.Option(help="Of names and sentences.")] = "zh",
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Where it is worked.")] = "local",
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Keep the report in the database.")] = True,
) -> None:
    """Fold history under the published rules and under a candidate, and say who would stand elsewhere, and why."""
    with refusals_told():
        text = read_text(candidate)
        asked = Asked(journey, text, *_period(since, until), _outcome(outcome, within), _vary(vary))
        worked_by = _engine(engine)
        from api.trying_out import Trial, named_in

        trial = Trial(asked, candidate, worked_by)
        if facts is None:
            if rulebook is not None or rulebooks is not None:
                raise typer.BadParameter("Give --facts with it; without, all is read from the database.")
            _from_the_database(trial, out, as_json, language, keep)
            return
        if (rulebook is None) == (rulebooks is None):
            raise typer.BadParameter("Give either --rulebook or --rulebooks with --facts.")
        with named_in(rulebook or rulebooks or Path()):
            versions = single_version(rulebook) if rulebook is not None else numbered_versions(rulebooks or Path())
        with _bar() as said:
            came = trial.on_a_file(facts, versions, said)
    _told(came, out, as_json, language)


@backtest_commands.command(name="run-backtest", hidden=True)
def run_backtest(id: UUID, runner: UUID) -> None:
    """Run one that was asked for: what `trailbook work` starts beside itself."""
    ended_without(Settings().parent)
    os.nice(NICE)
    from api.running_backtest import run_kept

    with wired() as service:
        run_kept(service, id, runner)


def _from_the_database(trial: "Trial", out: Path | None, as_json: bool, language: Language, keep: bool) -> None:
    with wired() as service:
        with _bar() as said:
            came = trial.on_the_log(service, said)
        _told(came, out, as_json, language)
        if keep:
            id = trial.keep(service, came)
            say(f"Kept as {id}: http://127.0.0.1:{Settings().port}/backtests/{id}")


def _told(came: "Came", out: Path | None, as_json: bool, language: Language) -> None:
    if as_json:
        typer.echo(came.report_line)
    else:
        first = list(islice(came.differing(), SHOWN))
        show_backtest(came.report, first, language, Console(markup=False, highlight=False))
    if out is not None:
        _write(came, out, language)
    say(came.took)


def _write(came: "Came", out: Path, language: Language) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(came.report_line + "\n", encoding="utf-8")
    with (out / "report.txt").open("w", encoding="utf-8") as file:
        first = list(islice(came.differing(), SHOWN))
        show_backtest(came.report, first, language, Console(file=file, width=WIDTH_OF_A_FILE))
    with (out / "customers.ndjson").open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in came.customer_lines())
    say(f"Written to {out}: report.json, report.txt, customers.ndjson.")


def _engine(name: Literal["local", "ray"]) -> "Engine":
    """Of this machine's cores, or of the Ray cluster that RAY_ADDRESS names (without: one made for this)."""
    from backtest.engines import local

    cores = os.cpu_count() or 1
    if name == "local":
        return local(cores)
    try:
        from backtest.on_ray import ray_engine
    except ImportError:
        refusal = "Ray is not installed here: pip install -r requirements/ray.txt."
        raise typer.BadParameter(refusal, param_hint="--engine") from None
    # Ray tells its makers how it is used, unless it is told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    return ray_engine(os.environ.get("RAY_ADDRESS"), cores)


@contextmanager
def _bar() -> Iterator["Said"]:
    """How far it is, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def said(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what.capitalize(), total=None)
            progress.update(tasks[what], completed=done, total=max(of, 1))

        yield said


def _period(since: str | None, until: str | None) -> tuple[str | None, str]:
    begin = None if since is None else rfc_3339(instant_of(since, "--from"))
    end = of_datetime(datetime.now(UTC)) if until is None else instant_of(until, "--to")
    return begin, rfc_3339(end)


def _outcome(type: str | None, within: str | None) -> dict[str, str] | None:
    if type is None and within is None:
        return None
    if type is None or within is None:
        raise typer.BadParameter("Give --outcome and --within together.")
    try:
        duration(within)
    except NotADuration as refusal:
        raise typer.BadParameter(str(refusal), param_hint="--within") from None
    return {"type": type, "within": within}


def _vary(vary: str | None) -> dict[str, Any] | None:
    if vary is None:
        return None
    from backtest.varying import value_of

    path, given, values = vary.partition("=")
    if not (path and given and values):
        raise typer.BadParameter("Write it as moves.silent.after=7d,14d.", param_hint="--vary")
    return {"path": path, "values": [value_of(value.strip()) for value in values.split(",")]}
