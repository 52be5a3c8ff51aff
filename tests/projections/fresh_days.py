"""The list of a day from the log alone, by asking a fold at every instant at which anything may have changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import Instant, instant
from domain.journey.fold import fold
from domain.journey.in_force import Version, known
from domain.journey.seller import seller_of
from domain.refusals import NotAnInstant
from event_log.log import EventLog
from projections.opportunities import DayQuestion, Listed
from tests.projections.fresh import customers

Said = tuple[Any, ...]


@dataclass(frozen=True)
class LastSeen:
    """An opportunity when it was last found open on the day."""

    at: Instant
    opened_at: Instant
    staff: str | None
    rulebook: int


def cards_said(listed: Sequence[Listed]) -> list[Said]:
    """What a list says, in its order: customer, kind, seller, rank; of each reason rule, opening, age, rank, over."""
    return [
        (
            card.customer,
            card.kind,
            card.staff,
            card.rank,
            tuple((why.rule.id, why.opened_at, why.age, why.rank, why.ended_at is not None) for why in card.reasons),
        )
        for card in (one.card for one in listed)
    ]


def fresh_day(log: EventLog, question: DayQuestion) -> list[Said]:
    """What the list must say."""
    cards: dict[tuple[str, str, str | None], list[Said]] = {}
    for customer in customers(log, question.position).values():
        assert customer.subject is not None
        facts = known_by(customer.facts, question.known_at)
        versions = known(question.versions, question.known_at)
        for rule_id, last in _last_seen(facts, versions, question).items():
            if _snoozed(facts, question, rule_id, last) or question.staff not in (None, last.staff):
                continue
            book = next(version.rulebook for version in versions if version.number == last.rulebook)
            rule = next(rule for rule in book.opportunities if rule.id == rule_id)
            age = max(0, question.day.start - last.opened_at)
            aged = 0 if rule.ageing is None else rule.ageing[0] * (age // rule.ageing[1])
            reason = rule_id, last.opened_at, age, rule.rank + aged, last.at < question.day.upto
            cards.setdefault((customer.subject, rule.kind, last.staff), []).append(reason)
    said = []
    for (subject, kind, staff), reasons in cards.items():
        ordered = sorted(reasons, key=lambda reason: (-reason[3], reason[1], reason[0]))
        said.append((subject, kind, staff, ordered[0][3], tuple(ordered)))
    return sorted(said, key=lambda card: (-card[3], min(reason[1] for reason in card[4]), card[0], card[1]))


def _last_seen(facts: Sequence[Fact], versions: Sequence[Version], question: DayQuestion) -> dict[str, LastSeen]:
    found: dict[str, LastSeen] = {}
    for at in _instants(facts, versions, question):
        history = in_fold_order(facts, at)
        standing = fold(history, versions, at).standing
        for rule_id, card in standing.open.items():
            assert standing.rulebook is not None
            found[rule_id] = LastSeen(at, card.since, seller_of(history), standing.rulebook)
    return found


def _instants(facts: Sequence[Fact], versions: Sequence[Version], question: DayQuestion) -> Iterator[Instant]:
    start, upto = question.day.start, question.day.upto
    happened = {fact.occurred_at for fact in facts}
    changed = {step.at for step in fold(in_fold_order(facts, upto), versions, upto).steps}
    forced = {version.effective_from for version in versions}
    moments = {start, upto, *(at - before for at in happened | changed | forced for before in (0, 1))}
    yield from sorted(at for at in moments if start <= at <= upto)


def _snoozed(facts: Sequence[Fact], question: DayQuestion, rule_id: str, last: LastSeen) -> bool:
    until = None
    for fact in in_fold_order(facts, last.at):
        names = fact.type, fact.data.get("journey"), fact.data.get("rule")
        if names == ("opportunity.snoozed", question.journey, rule_id) and fact.occurred_at >= last.opened_at:
            until = _instant(fact.data.get("until"), until)
    return until is not None and until > last.at


def _instant(text: object, default: Instant | None) -> Instant | None:
    try:
        return instant(text) if isinstance(text, str) else default
    except NotAnInstant:
        return default
