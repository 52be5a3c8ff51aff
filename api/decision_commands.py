"""`trailbook move` and `trailbook void`: what people decide, from the command line."""

from typing import Annotated
from uuid import UUID, uuid4

import typer

from api.access import Actor
from api.commands import move, void
from api.terminal import wired

OPERATOR = Actor(UUID(int=0), "admin", "command line")
"""Whoever may run commands on the server needs no key."""

decision_commands = typer.Typer()

Reason = Annotated[str, typer.Option(help="Why, for those who ask later.")]


@decision_commands.command(
    name="move",
    epilog='Example: trailbook move wmAbc123 --journey course-sales --from mql --to sql --reason "Agreed by phone"',
)
def move_command(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    journey: Annotated[str, typer.Option(help="On which journey.")],
    origin: Annotated[str, typer.Option("--from", help="The stage she stands in, as you know it.")],
    stage: Annotated[str, typer.Option("--to", help="The stage to move her to.")],
    reason: Reason,
    hold: Annotated[str | None, typer.Option(help="For how long the stage rules rest, for example 14d.")] = None,
) -> None:
    """Move a customer to a stage by hand."""
    asked = {"from": origin, "stage": stage, "reason": _said(reason)} | ({} if hold is None else {"hold": hold})
    with wired() as service:
        done = move(service, OPERATOR, customer, journey, asked, str(uuid4()))
    typer.echo(f"{customer} is moved to {stage}, by position {done.position}")


@decision_commands.command(name="void", epilog='Example: trailbook void 164540 --reason "Wrong customer"')
def void_command(
    position: Annotated[int, typer.Argument(min=1, help="Where the fact stands in the log.")],
    reason: Reason,
) -> None:
    """Take a wrong fact out of every fold from now on; it stays in the log."""
    said = _said(reason)
    with wired() as service:
        done = void(service, position, said, OPERATOR.name, str(uuid4()))
    typer.echo(f"position {position} is voided, by position {done.position}")


def _said(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("Say why, in a text.", param_hint="--reason")
    return reason
