"""Due times in virtual time: a function of what has happened, never an event."""

from typing import NamedTuple

from domain.instants import Instant
from domain.journey.in_force import Version
from domain.journey.situation import OnJourney
from domain.journey.steps import TimerKind
from domain.rulebook.document import Anchor, Move

_RANK: dict[TimerKind, int] = {"rulebook": 0, "expiry": 1, "hold": 2, "after": 3, "open_for": 4}


class Timer(NamedTuple):
    """``at`` is the instant it fires: an overdue one fires at the present instant. Timers compare as they fire.

    ``rank`` orders the kinds and ``place`` the moves and opportunities, so that no two are equal in all three.
    """

    at: Instant
    rank: int
    place: int
    kind: TimerKind
    rule: str | None = None
    move: Move | None = None
    anchor: Instant = 0


def next_timer(customer: OnJourney, version: Version | None) -> Timer | None:
    """The timer that fires first under the version that judges, or ``None``. Off the journey no timer runs."""
    return None if version is None else min(_armed(customer, version), default=None)


def anchor_of(customer: OnJourney, anchor: Anchor) -> Instant | None:
    """The instant a timer counts from; ``None`` leaves it unarmed."""
    if customer.since is None:
        return None
    if anchor.matcher is None:
        return customer.since
    tally = customer.tally(anchor.matcher)
    if anchor.kind == "first":
        return tally.first
    return customer.since if tally.last is None else max(customer.since, tally.last)


def _armed(customer: OnJourney, version: Version) -> list[Timer]:
    now = customer.now
    armed = _moves(customer, version)
    if customer.to_be_judged:
        armed.append(Timer(now, _RANK["rulebook"], 0, "rulebook"))
    expiring = [(held.expires, tag) for tag, held in customer.tags.items() if held.expires is not None]
    if expiring:
        at, tag = min(expiring)
        armed.append(Timer(max(at, now), _RANK["expiry"], 0, "expiry", customer.tags[tag].rule))
    if customer.hold_until is not None:
        armed.append(Timer(max(customer.hold_until, now), _RANK["hold"], 0, "hold"))
    if customer.open:
        for place, rule in enumerate(version.rulebook.opportunities):
            card = customer.open.get(rule.id)
            if card is not None and card.until is not None:
                armed.append(Timer(max(card.until, now), _RANK["open_for"], place, "open_for", rule.id))
    return armed


def _moves(customer: OnJourney, version: Version) -> list[Timer]:
    assert customer.stage is not None
    armed = []
    for place, move in version.machine.timed_moves_from(customer.stage):
        anchor = anchor_of(customer, move.anchor)
        if anchor is None or customer.fired.get(move.text) == anchor:
            continue
        assert move.after is not None
        held_until = customer.now if customer.hold_until is None else customer.hold_until
        due = max(anchor + move.after, customer.now, held_until)
        armed.append(Timer(due, _RANK["after"], place, "after", move.id, move, anchor))
    return armed
