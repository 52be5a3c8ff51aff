"""The list of a day and the board by brute force: by asking the fold at every instant at which anything may change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.facts import Fact
from domain.instants import Instant, as_datetime, instant, of_datetime, rfc_3339
from domain.refusals import NotAnInstant
from tests.domain.naive_conditions import length
from tests.machine.memory import Cut, Memory, history, seller

Card = tuple[Any, ...]


class Reason(NamedTuple):
    """Why somebody is on a list. ``over``: no longer open at the end of the day, or now."""

    rank: float
    opened_at: Instant
    rule: str
    over: bool


@dataclass(frozen=True)
class Day:
    start: Instant
    upto: Instant


def day(named: date, zone: ZoneInfo, known_at: Instant) -> Day:
    """A local day; of today up to now."""
    start, end = (of_datetime(datetime(d.year, d.month, d.day, tzinfo=zone)) for d in (named, named + timedelta(1)))
    return Day(start, known_at if start <= known_at < end else end - 1)


def day_of(at: Instant, zone: ZoneInfo) -> date:
    return as_datetime(at).astimezone(zone).date()


def of_day(memory: Memory, journey: str, cut: Cut, asked: Day, staff: str | None) -> list[Card]:
    """The cards in their order: customer, journey, kind, seller, rank, whether open, reasons."""
    cards: dict[tuple[str, str, str | None], list[Reason]] = {}
    for customer in memory.customers(cut.position):
        for rule_id, (at, opened_at, version) in _last_seen(memory, customer, journey, cut, asked).items():
            facts = memory.facts(customer, cut.position)
            whose = seller(facts, at)
            snoozed = _snoozed_until(history(facts, at), journey, rule_id, opened_at)
            if (snoozed is not None and snoozed > at) or staff not in (None, whose):
                continue
            rule = _rule(memory, journey, version, rule_id)
            reason = Reason(_rank(rule, max(0, asked.start - opened_at)), opened_at, rule_id, at < asked.upto)
            cards.setdefault((customer, rule["kind"], whose), []).append(reason)
    said = []
    for (customer, kind, whose), reasons in cards.items():
        reasons.sort(key=lambda reason: (-reason.rank, reason.opened_at, reason.rule))
        is_open = not all(reason.over for reason in reasons)
        order = -reasons[0].rank, min(reason.opened_at for reason in reasons), customer, kind
        said.append((order, (customer, journey, kind, whose, reasons[0].rank, is_open, tuple(reasons))))
    return [card for _, card in sorted(said, key=lambda one: one[0])]


def standing_by_stage(
    memory: Memory, journey: str, cut: Cut, as_of: Instant, staff: str | None
) -> dict[str, set[tuple[str, str, str | None]]]:
    """Who stands where, each with since and seller; empty stages are absent."""
    stages: dict[str, set[tuple[str, str, str | None]]] = {}
    for customer in memory.customers(cut.position):
        outcome = memory.fold(customer, journey, cut.position, as_of)
        whose = seller(memory.facts(customer, cut.position), as_of)
        if outcome.stage is not None and outcome.since is not None and staff in (None, whose):
            stages.setdefault(outcome.stage, set()).add((customer, rfc_3339(outcome.since), whose))
    return stages


def _last_seen(
    memory: Memory, customer: str, journey: str, cut: Cut, asked: Day
) -> dict[str, tuple[Instant, Instant, int]]:
    """Every opportunity that was open at some instant of the day: when it was last, its opening, who judged then."""
    found: dict[str, tuple[Instant, Instant, int]] = {}
    for at in sorted(set(_moments(memory, customer, journey, cut, asked))):
        outcome = memory.fold(customer, journey, cut.position, at)
        for rule_id, card in outcome.open.items():
            assert outcome.rulebook is not None
            found[rule_id] = at, card.since, outcome.rulebook
    return found


def _moments(memory: Memory, customer: str, journey: str, cut: Cut, asked: Day) -> Iterator[Instant]:
    happened = {fact.occurred_at for fact in memory.facts(customer, cut.position)}
    happened |= {step["at"] for step in memory.fold(customer, journey, cut.position, asked.upto).steps}
    happened |= {v.effective_from for v in memory.versions(journey, cut.position) if v.effective_from is not None}
    for at in (asked.start, asked.upto, *happened, *(at - 1 for at in happened)):
        if asked.start <= at <= asked.upto:
            yield at


def _snoozed_until(facts: list[Fact], journey: str, rule: str, opened_at: Instant) -> Instant | None:
    until = None
    for fact in facts:
        named = fact.type, fact.data.get("journey"), fact.data.get("rule")
        if named == ("opportunity.snoozed", journey, rule) and fact.occurred_at >= opened_at:
            try:
                until = instant(fact.data["until"])
            except (NotAnInstant, KeyError, TypeError):
                continue
    return until


def _rule(memory: Memory, journey: str, version: int, rule: str) -> dict[str, Any]:
    document = memory.versions(journey)[version - 1].document
    return next(one for one in document["opportunities"] if one["id"] == rule)


def _rank(rule: dict[str, Any], age: int) -> float:
    rank: float = rule.get("rank", 0)
    if "ageing" in rule:
        rank += rule["ageing"]["add"] * (age // length(rule["ageing"]["per"]))
    return rank
