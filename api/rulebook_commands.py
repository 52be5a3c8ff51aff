"""`trailbook rulebook`: check, draw, preview and publish rulebooks."""

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from api.previewing import show_preview
from api.publishing import Draft, first, publish
from api.replaying import read_rulebook, read_text
from api.terminal import refusals_told, say, wired
from domain.journey.machine import StageMachine
from domain.rulebook.lint import lint as findings_of
from domain.rulebook.reader import read

rulebook_commands = typer.Typer(no_args_is_help=True, help="Check, draw, preview and publish rulebooks.")

ExistingFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
EffectiveFrom = Annotated[str, typer.Option(help="A time, or always; default now.")]
Retroactive = Annotated[bool, typer.Option("--retroactive", help="Allow a time in the past.")]


@rulebook_commands.command(epilog="Example: trailbook rulebook lint rulebook.yaml")
def lint(file: ExistingFile) -> None:
    """Say what is wrong with a rulebook, with line and column; exit 1 on errors."""
    with refusals_told():
        book = read(read_text(file))
        findings = findings_of(book.document, available_timezones(), book.places)
    for finding in findings:
        typer.echo(f"{file}: {finding.severity}: {finding}")
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)
    say(f"{file}: no errors.")


@rulebook_commands.command(
    name="publish", epilog='Example: trailbook rulebook publish rulebook.yaml --because "First rules"'
)
def publish_command(
    file: ExistingFile,
    because: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    effective_from: EffectiveFrom = "",
    retroactive: Retroactive = False,
    based_on: Annotated[int | None, typer.Option(min=1, help="The newest version; none for a first one.")] = None,
) -> None:
    """Publish a version of a journey's rulebook."""
    with wired() as service:
        draft = Draft(read_text(file), because, _since(effective_from), retroactive)
        newest = (lambda found: found is not None and found.version == based_on) if based_on else first
        published = publish(service, read_rulebook(file).journey, draft, "command line", newest)
    typer.echo(f"{published.journey} version {published.version}, position {published.position}, hash {published.hash}")


@rulebook_commands.command(
    name="preview",
    epilog="Example: trailbook rulebook preview rulebook.yaml --effective-from 2026-12-01T00:00:00Z",
)
def preview_command(
    file: ExistingFile,
    effective_from: EffectiveFrom = "",
    retroactive: Retroactive = False,
    journey: Annotated[str | None, typer.Option(help="The journey it must be of; default what it says.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Say who would move, and where to, if this version came into force; nothing is stored."""
    with wired() as service:
        draft = Draft(read_text(file), "", _since(effective_from), retroactive)
        show_preview(service, journey or read_rulebook(file).journey, draft, as_json=as_json)


@rulebook_commands.command(epilog="Example: trailbook rulebook diagram rulebook.yaml")
def diagram(file: ExistingFile, language: Annotated[str, typer.Option(help="zh or en")] = "zh") -> None:
    """Print the stages and moves as a Mermaid diagram."""
    with refusals_told():
        typer.echo(StageMachine(read_rulebook(file)).mermaid(language), nl=False)


def _since(effective_from: str) -> str | None:
    return None if effective_from == "always" else effective_from
