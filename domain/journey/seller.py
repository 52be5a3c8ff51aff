"""Whose customer she is."""

from collections.abc import Iterable

from domain.facts import Fact


def seller_of(facts: Iterable[Fact]) -> str | None:
    """The ``staff`` of the last ``staff.assigned`` in fold order, else of the last ``contact.added``."""
    last: dict[str, str] = {}
    for fact in facts:
        staff = fact.data.get("staff")
        if fact.type in ("staff.assigned", "contact.added") and isinstance(staff, str):
            last[fact.type] = staff
    return last.get("staff.assigned") or last.get("contact.added")
