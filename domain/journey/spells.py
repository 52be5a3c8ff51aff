"""When an opportunity was open, and whose it was: an opening is cut where seller, judging version or snooze changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.facts import Fact
from domain.instants import Instant, instant
from domain.journey.beliefs import Belief
from domain.journey.over_time import at_instant, changes
from domain.journey.seller import sellers_over_time
from domain.journey.steps import Cause, Step
from domain.refusals import NotAnInstant


@dataclass(frozen=True, slots=True)
class Spell:
    """One part of an opening: open in ``[from_at, until_at)``, ``until_at`` is ``None`` while it lasts.

    ``ended_by`` says what closed the opportunity at its end: the type of a fact, or the kind of a timer. ``rulebook``
    is the version that judged; ``hidden_until`` the end of a snooze.
    """

    rule: str
    opened_at: Instant
    from_at: Instant
    until_at: Instant | None
    ended_by: str | None
    staff: str | None
    rulebook: int
    hidden_until: Instant | None = None


def spells(belief: Belief, journey: str) -> list[Spell]:
    """All that a belief says about when opportunities were open, in order of opening."""
    steps = [step for step in belief.folded.steps if step.kind in ("opened", "closed")]
    if not steps:
        return []
    staff = sellers_over_time(belief.history)
    judged = changes(belief.folded.judged)
    found: list[Spell] = []
    for rule, opened, closed in _openings(steps):
        snoozed = changes(_snoozes(belief.history, journey, rule, opened.at))
        end = None if closed is None else closed.at
        cuts = {at for at, _ in (*staff, *judged, *snoozed) if at > opened.at and (end is None or at < end)}
        begins = sorted({opened.at, *cuts})
        for begin, after in zip(begins, [*begins[1:], end], strict=True):
            number = at_instant(judged, begin)
            assert number is not None
            ended_by = _what(closed.cause) if closed is not None and after == end else None
            spell = Spell(
                rule, opened.at, begin, after, ended_by, at_instant(staff, begin), number, at_instant(snoozed, begin)
            )
            # What opened and closed at one instant was never open.
            found += [spell] if begin != after else []
    return found


def _openings(steps: Iterable[Step]) -> Iterator[tuple[str, Step, Step | None]]:
    open_: dict[str, Step] = {}
    for step in steps:
        assert step.opportunity is not None
        if step.kind == "opened":
            open_[step.opportunity] = step
        else:
            yield step.opportunity, open_.pop(step.opportunity), step
    for rule, opened in open_.items():
        yield rule, opened, None


def _snoozes(history: Iterable[Fact], journey: str, rule: str, since: Instant) -> Iterator[tuple[Instant, Instant]]:
    for fact in history:
        named = fact.data.get("journey"), fact.data.get("rule")
        until = fact.data.get("until")
        if fact.type != "opportunity.snoozed" or named != (journey, rule) or fact.occurred_at < since:
            continue
        if isinstance(until, str) and (at := _instant(until)) is not None:
            yield fact.occurred_at, at


def _instant(text: str) -> Instant | None:
    try:
        return instant(text)
    except NotAnInstant:
        return None


def _what(cause: Cause) -> str | None:
    return cause.fact.type if cause.fact is not None else cause.timer
