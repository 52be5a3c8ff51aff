"""`trailbook keys`: API keys from the command line, for whoever may run it on the server."""

from typing import Annotated
from uuid import UUID

import typer

from api.access import Role
from api.keyring import Key, Made, Wanted
from api.terminal import wired
from domain.instants import Instant, duration, instant, rfc_3339

key_commands = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke API keys.")

Id = Annotated[UUID, typer.Argument(metavar="ID", help="The key's id, as `keys list` shows it.")]
Expires = Annotated[str | None, typer.Option(help="When it ends, RFC 3339; default never.")]


@key_commands.command(name="list", epilog="Example: trailbook keys list")
def list_keys() -> None:
    """Every key there ever was, one a line: id, prefix, role, staff, state, label."""
    with wired() as service:
        now = service.log.reading.now()
        for key in service.keys.all():
            typer.echo("\t".join((str(key.id), key.prefix, key.role, key.staff or "-", _state(key, now), key.label)))


@key_commands.command(epilog="Example: trailbook keys add --role seller --staff zhang --label 'Zhang, Hangzhou'")
def add(
    role: Annotated[Role, typer.Option(help="What the key allows.")],
    staff: Annotated[str | None, typer.Option(help="A seller's id in the facts; else the person's name.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires_at: Expires = None,
) -> None:
    """Make a key and print it, this once."""
    with wired() as service:
        wanted = Wanted(role, staff or None, label, None if expires_at is None else instant(expires_at))
        _print(service.keys.add(wanted, by=None))


@key_commands.command(epilog="Example: trailbook keys rotate 0b0f4d5e-6f0c-4f0e-9a6e-2f1f3c9d7a11 --overlap 7d")
def rotate(
    id: Id,
    overlap: Annotated[str, typer.Option(help="How long the old key stays in force.")] = "7d",
    expires_at: Expires = None,
) -> None:
    """Make a key in place of another, of the same role, staff and label, and print it, this once."""
    with wired() as service:
        ends = None if expires_at is None else instant(expires_at)
        _print(service.keys.rotate(id, duration(overlap), ends, by=None))


@key_commands.command(epilog="Example: trailbook keys revoke 0b0f4d5e-6f0c-4f0e-9a6e-2f1f3c9d7a11")
def revoke(id: Id) -> None:
    """End a key now, and every session begun with it."""
    with wired() as service:
        service.keys.revoke(id, by=None)
    typer.echo("Revoked.", err=True)


def _print(made: Made) -> None:
    key, secret = made
    typer.echo(f"Key {key.id}, role {key.role}; this is shown once:", err=True)
    typer.echo(secret)


def _state(key: Key, now: Instant) -> str:
    if key.revoked_at is not None:
        return f"revoked {rfc_3339(key.revoked_at)}"
    if key.expires_at is not None:
        return f"{'until' if key.in_force(now) else 'ended'} {rfc_3339(key.expires_at)}"
    return "in force"
