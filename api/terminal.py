"""How commands speak: a refusal is a sentence and exit 1, a wrong option exit 2; data alone goes to standard output."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from api.settings import Settings
from api.wiring import Service, database, service
from domain.instants import Instant, instant
from domain.refusals import NotAnInstant, Refusal


def say(text: str) -> None:
    typer.echo(text, err=True)


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal inside ends the command: its sentence, each fault on a line, exit 1."""
    try:
        yield
    except Refusal as refusal:
        say(str(refusal))
        for fault in refusal.faults:
            say(f"  {fault}")
        raise typer.Exit(1) from None


@contextmanager
def wired() -> Iterator[Service]:
    """The service on the database that the settings select."""
    settings = Settings()
    with refusals_told(), database(settings) as conninfo, service(settings, conninfo) as found:
        yield found


def instant_of(text: str, option: str) -> Instant:
    try:
        return instant(text)
    except NotAnInstant as refusal:
        raise typer.BadParameter(str(refusal), param_hint=option) from None
