"""Due times in virtual time: a function of what has happened, never an event."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.instants import Instant
from domain.journey.in_force import Version
from domain.journey.situation import OnJourney
from domain.journey.steps import TimerKind
from domain.rulebook.document import Anchor, Move

_RANK: dict[TimerKind, int] = {"rulebook": 0, "expiry": 1, "hold": 2, "after": 3, "open_for": 4}


@dataclass(frozen=True, slots=True)
class Timer:
    """``at`` is the instant it fires: an overdue one fires at the present instant. ``place`` orders the moves."""

    at: Instant
    kind: TimerKind
    place: int = 0
    rule: str | None = None
    move: Move | None = None
    anchor: Instant = 0

    @property
    def order(self) -> tuple[Instant, int, int]:
        return self.at, _RANK[self.kind], self.place


def next_timer(customer: OnJourney, version: Version) -> Timer | None:
    """The timer that fires first, or ``None``. Off the journey no timer runs."""
    if customer.stage is None:
        return None
    return min(_armed(customer, version), key=lambda timer: timer.order, default=None)


def anchor_of(customer: OnJourney, anchor: Anchor) -> Instant | None:
    """The instant a timer counts from; ``None`` leaves it unarmed."""
    if customer.since is None:
        return None
    if anchor.matcher is None:
        return customer.since
    times = customer.tallies[anchor.matcher].times
    if anchor.kind == "first":
        return times[0] if times else None
    return max(customer.since, times[-1]) if times else customer.since


def _armed(customer: OnJourney, version: Version) -> Iterator[Timer]:
    now = customer.now
    if customer.to_be_judged:
        yield Timer(now, "rulebook")
    expiring = [(held.expires, tag) for tag, held in customer.tags.items() if held.expires is not None]
    if expiring:
        at, tag = min(expiring)
        yield Timer(max(at, now), "expiry", rule=customer.tags[tag].rule)
    if customer.hold_until is not None:
        yield Timer(max(customer.hold_until, now), "hold")
    yield from _moves(customer, version)
    for place, rule in enumerate(version.rulebook.opportunities):
        card = customer.open.get(rule.id)
        if card is not None and card.until is not None:
            yield Timer(max(card.until, now), "open_for", place, rule.id)


def _moves(customer: OnJourney, version: Version) -> Iterator[Timer]:
    assert customer.stage is not None
    for place, move in version.machine.timed_moves_from(customer.stage):
        anchor = anchor_of(customer, move.anchor)
        if anchor is None or customer.fired.get(move.text) == anchor:
            continue
        assert move.after is not None
        due = max(anchor + move.after, customer.now, customer.hold_until or customer.now)
        yield Timer(due, "after", place, move.id, move, anchor)
