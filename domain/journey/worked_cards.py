"""Working an opportunity: done, skipped or snoozed, with all that stands on the same card."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.facts import Fact
from domain.instants import DAY, Duration, instant, rfc_3339
from domain.journey.in_force import Version
from domain.journey.manual import met_by
from domain.refusals import Fault, NotOpen, NotUnderstood

LONGEST_SNOOZE: Duration = 366 * DAY


def rest_of_card(worked: Fact, known: Iterable[Fact], versions: Sequence[Version]) -> list[Fact]:
    """The facts that work the other reasons on the card: all that is open on the journey and of the same kind.

    ``worked`` is of an ``opportunity.*`` type, its data has ``journey``, ``rule``, ``opened_at`` and perhaps ``until``.
    Raises ``NotOpen`` with what is open instead, and ``NotUnderstood`` of an ``until`` that does not lie ahead.
    """
    _refuse_unfit_snooze(worked)
    cards = met_by(worked, known, versions).open
    card = cards.get(worked.data["rule"])
    if card is None or rfc_3339(card.since) != worked.data["opened_at"]:
        open_now = [
            {"journey": worked.data["journey"], "rule": rule, "kind": other.kind, "since": rfc_3339(other.since)}
            for rule, other in sorted(cards.items())
        ]
        raise NotOpen(present={"open": open_now})
    return [
        replace(
            worked,
            id=f"{worked.id}:{rule}",
            data={**worked.data, "rule": rule, "opened_at": rfc_3339(other.since)},
        )
        for rule, other in sorted(cards.items())
        if other.kind == card.kind and rule != worked.data["rule"]
    ]


def _refuse_unfit_snooze(worked: Fact) -> None:
    until = worked.data.get("until")
    if until is not None and not 0 < instant(until) - worked.occurred_at <= LONGEST_SNOOZE:
        raise NotUnderstood(faults=[Fault("That does not lie ahead, or more than 366 days ahead.", "/until")])
