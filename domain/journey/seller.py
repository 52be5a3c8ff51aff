"""Whose customer she is, and was."""

from collections.abc import Iterable, Sequence

from domain.facts import Fact
from domain.instants import Instant
from domain.journey.over_time import changes

_ASSIGNING = ("staff.assigned", "contact.added")


def seller_of(facts: Iterable[Fact]) -> str | None:
    """The ``staff`` of the last ``staff.assigned`` in fold order, else of the last ``contact.added``."""
    last: dict[str, str] = {}
    for fact in facts:
        staff = fact.data.get("staff")
        if fact.type in _ASSIGNING and isinstance(staff, str):
            last[fact.type] = staff
    return last.get("staff.assigned") or last.get("contact.added")


def sellers_over_time(history: Sequence[Fact]) -> list[tuple[Instant, str | None]]:
    """From when on she was whose; ``history`` in fold order."""
    assigning = [place for place, fact in enumerate(history, 1) if fact.type in _ASSIGNING]
    return changes((history[place - 1].occurred_at, seller_of(history[:place])) for place in assigning)
