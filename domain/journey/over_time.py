"""Something that changes now and then: what it was at an instant."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from domain.instants import Instant

T = TypeVar("T")


def changes(said: Iterable[tuple[Instant, T]]) -> list[tuple[Instant, T]]:
    """In order of time, the last word of each instant, and only where it differs from the one before."""
    found: list[tuple[Instant, T]] = []
    for at, value in sorted(dict(said).items(), key=lambda change: change[0]):
        if not found or found[-1][1] != value:
            found.append((at, value))
    return found


def at_instant(changed: Sequence[tuple[Instant, T]], at: Instant) -> T | None:
    """What the last change at or before an instant says; ``None`` before the first."""
    return next((value for since, value in reversed(changed) if since <= at), None)
