"""The list of a day: whom a seller should talk to, and why; one card per customer and kind, ranked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.instants import Duration, Instant
from domain.journey.in_force import Version
from domain.journey.spells import Spell
from domain.rulebook.document import OpportunityRule


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: from ``start``, 00:00, up to and including ``upto``: its last instant, or the present of today."""

    start: Instant
    upto: Instant


@dataclass(frozen=True, slots=True)
class Reason:
    """An opportunity on a card. ``age`` is that at 00:00 or at its opening; ``ended_by`` says that it is done with."""

    rule: OpportunityRule
    opened_at: Instant
    age: Duration
    rank: int | float
    ended_at: Instant | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """``reasons`` in order of rank; the card's rank is that of the first."""

    customer: str
    kind: str
    staff: str | None
    reasons: tuple[Reason, ...]

    @property
    def rank(self) -> int | float:
        return self.reasons[0].rank

    @property
    def open(self) -> bool:
        return any(reason.ended_at is None for reason in self.reasons)

    @property
    def order(self) -> tuple[int | float, Instant, str, str]:
        """The highest rank first; among equals who has waited longest."""
        return -self.rank, min(reason.opened_at for reason in self.reasons), self.customer, self.kind


def day_list(
    spells: Iterable[tuple[str, Spell]], versions: Mapping[int, Version], day: Day, staff: str | None = None
) -> list[Card]:
    """The cards of a day, of one seller where asked, from the spells of any number of customers."""
    last: dict[tuple[str, str], Spell] = {}
    for customer, spell in spells:
        known = last.get((customer, spell.rule))
        if _falls_into(spell, day) and (known is None or known.from_at < spell.from_at):
            last[customer, spell.rule] = spell
    reasons: dict[tuple[str, str, str | None], list[Reason]] = defaultdict(list)
    for (customer, _), spell in last.items():
        rule = _rule(versions, spell)
        if rule is not None and not _hidden(spell, day) and staff in (None, spell.staff):
            reasons[customer, rule.kind, spell.staff].append(_reason(rule, spell, day))
    cards = [Card(*key, tuple(sorted(own, key=_importance))) for key, own in reasons.items()]
    return sorted(cards, key=lambda card: card.order)


def _falls_into(spell: Spell, day: Day) -> bool:
    return spell.from_at <= day.upto and (spell.until_at is None or spell.until_at > day.start)


def _hidden(spell: Spell, day: Day) -> bool:
    """Whether it was snoozed when it was last open on that day."""
    until = day.upto if spell.until_at is None else min(day.upto, spell.until_at - 1)
    return spell.hidden_until is not None and spell.hidden_until > until


def _rule(versions: Mapping[int, Version], spell: Spell) -> OpportunityRule | None:
    version = versions.get(spell.rulebook)
    return version.rulebook.opportunity(spell.rule) if version is not None else None


def _reason(rule: OpportunityRule, spell: Spell, day: Day) -> Reason:
    age = max(day.start - spell.opened_at, 0)
    rank = rule.rank
    if rule.ageing is not None:
        add, per = rule.ageing
        rank += add * (age // per)
    ended = spell.until_at is not None and spell.until_at <= day.upto
    return Reason(
        rule, spell.opened_at, age, rank, spell.until_at if ended else None, spell.ended_by if ended else None
    )


def _importance(reason: Reason) -> tuple[int | float, Instant, str]:
    return -reason.rank, reason.opened_at, reason.rule.id
