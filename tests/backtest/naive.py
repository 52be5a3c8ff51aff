"""A backtest as its definition reads: the reference fold and the domain's lists, asked again for every day.

Both forms, what is worked out here and what a report says, are brought to plain figures without zeros, to be compared.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from backtest.question import Question
from backtest.varying import varied_rulebooks
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, SECOND, Instant
from domain.journey.beliefs import Belief
from domain.journey.day_list import Day, day_list
from domain.journey.fold import Folded, fold
from domain.journey.in_force import ALWAYS, Version, version
from domain.journey.preview import Preview
from domain.journey.spells import Spell, spells
from domain.journey.steps import Step
from domain.local_days import day_of, start_of
from domain.rulebook.document import Rulebook

Histories = Mapping[str, Sequence[Fact]]
Figures = dict[str, Any]
Card = tuple[str, str, str | None]


def naive_figures(question: Question, known: Histories, published: Sequence[Version]) -> Figures:
    number = max((one.number for one in published), default=0) + 1
    since = ALWAYS if question.since is None else question.since
    kept = [one for one in published if question.since is not None and one.effective_from <= question.since]

    def run(rulebook: Rulebook) -> _Run:
        return _Run(question, known, [*kept, version(rulebook, number, since)])

    then, new = _Run(question, known, published), run(question.rulebook)
    sides = {"published": then, "candidate": new}
    begun = {who: min(then.begun.get(who, at), new.begun.get(who, at)) for who, at in (then.begun | new.begun).items()}
    days = _days(question, begun.values())
    in_flight = version(question.rulebook, number, question.until)
    ever = {*then.begun, *_Run(question, known, [*published, in_flight]).begun}
    preview = Preview(published, in_flight, question.until)
    for who in ever:
        preview.take(who, known[who])
    foretold = preview.as_json()
    return {
        "customers": len(begun),
        "facts": sum(map(len, then.known.values())),
        "stages": {side: _counted(one.stages[who] for who in begun) for side, one in sides.items()},
        "days": {side: one.days_told(days, begun) for side, one in sides.items()},
        "moves": {side: _counted(one.moves()) for side, one in sides.items()},
        "flow": _counted((then.stages[who], new.stages[who]) for who in begun),
        "differ": {
            "customers": len(_differing(then, new)),
            "elsewhere": _elsewhere(then, new),
            "first": _counted(_differing(then, new)),
        },
        "board": {
            "days": [_sizes(then.cards(day), new.cards(day)) for day in days],
            "sellers": _sellers(then, new, days),
        },
        "outcomes": {side: one.outcomes() for side, one in sides.items()} if question.outcome else None,
        "in_flight": {
            "stay": foretold["stay"],
            "moves": {(move["from"], move["to"], move["renamed"]): move["count"] for move in foretold["moves"]},
            "opportunities": foretold["opportunities"],
        },
        "sweep": [
            {
                "stages": _counted(one.stages[who] for who in {*then.begun, *one.begun}),
                "differ": len(_differing(then, one)),
                "elsewhere": _elsewhere(then, one),
                "cards": sum(len(one.cards(day)) for day in days),
                "outcomes": one.outcomes() if question.outcome else None,
            }
            for one in map(run, varied_rulebooks(question.document, question.vary) if question.vary else ())
        ],
    }


def figures(report: Mapping[str, Any]) -> Figures:
    sides = ("published", "candidate")
    made = ("side", "kind", "rule", "from", "to", "tag", "opportunity", "timer")
    return {
        "customers": report["customers"]["folded"],
        "facts": report["facts"],
        "stages": {side: _some({one["stage"]: one[side] for one in report["stages"]}) for side in sides},
        "days": {
            side: [
                _some({one["stage"]: one["counts"][day] for one in report["days"][side]})
                for day in range(len(report["days"]["dates"]))
            ]
            for side in sides
        },
        "moves": {
            side: _some(
                {tuple(one[key] for key in ("kind", "from", "to", "rule", "by")): one[side] for one in report["moves"]}
            )
            for side in sides
        },
        "flow": {(one["published"], one["candidate"]): one["customers"] for one in report["flow"]},
        "differ": report["differ"]
        | {"first": {tuple(one[key] for key in made): one["customers"] for one in report["differ"]["first"]}},
        "board": {
            "days": [(day["published"], day["candidate"], day["both"]) for day in report["board"]["days"]],
            "sellers": {
                one["staff"]: (one["published"], one["candidate"], one["both"]) for one in report["board"]["sellers"]
            },
        },
        "outcomes": {side: report["outcomes"][side] for side in sides} if report["outcomes"] else None,
        "in_flight": {
            "stay": report["in_flight"]["stay"],
            "moves": {
                (move["from"], move["to"], move["renamed"]): move["customers"] for move in report["in_flight"]["moves"]
            },
            "opportunities": report["in_flight"]["opportunities"],
        },
        "sweep": [
            {key: value for key, value in one.items() if key not in ("value", "stages")}
            | {"stages": _some({stage["stage"]: stage["customers"] for stage in one["stages"]})}
            for one in (report["sweep"]["runs"] if report["sweep"] else ())
        ],
    }


class _Run:
    """Everybody, folded under one series of versions."""

    def __init__(self, question: Question, histories: Histories, versions: Sequence[Version]) -> None:
        self.question = question
        self.histories = histories
        self.versions = versions
        self.known = {who: in_fold_order(facts, question.until) for who, facts in histories.items()}
        self.folded = {who: fold(facts, versions, question.until) for who, facts in self.known.items()}
        self.stages = {who: folded.standing.stage for who, folded in self.folded.items()}
        self.begun = {
            who: min(step.at for step in folded.steps if step.kind == "entered")
            for who, folded in self.folded.items()
            if any(step.kind == "entered" for step in folded.steps)
        }
        self.spells = [
            (who, spell)
            for who, folded in self.folded.items()
            for spell in spells(Belief(0, question.until, self.known[who], folded), question.journey)
        ]

    def stage_at(self, who: str, at: Instant) -> str | None:
        return fold(in_fold_order(self.histories[who], at), self.versions, at).standing.stage

    def days_told(self, days: Iterable[Day], begun: Mapping[str, Instant]) -> list[dict[str | None, int]]:
        """A customer counts from the day on which she was first on the journey."""
        return [
            _counted(self.stage_at(who, day.upto) for who, since in begun.items() if since <= day.upto) for day in days
        ]

    def moves(self) -> Iterable[tuple[str | None, ...]]:
        for folded in self.folded.values():
            for step in folded.steps:
                if step.kind in ("entered", "left", "moved", "renamed") and _within(step.at, self.question):
                    yield step.kind, step.origin, step.target, step.cause.rule, step.cause.timer or "fact"

    def cards(self, day: Day) -> set[Card]:
        listed = day_list(self.spells, {one.number: one for one in self.versions}, day)
        return {(card.customer, card.kind, card.staff) for card in listed}

    def outcomes(self) -> dict[str, Any]:
        """Each listing is held against each outcome of the same customer."""
        asked = self.question.outcome
        assert asked is not None
        listings = [(who, at) for who, at in self._listings() if _within(at, self.question)]
        outcomes = [
            (who, fact.occurred_at)
            for who, facts in self.histories.items()
            for fact in in_fold_order(facts, LATEST)
            if fact.type == asked.type
        ]
        followed = [any(w == who and at < o <= at + asked.within for w, o in outcomes) for who, at in listings]
        of_period = [(who, at) for who, at in outcomes if _within(at, self.question) and self._near(who, at)]
        before = [
            [at - opened for w, opened in listings if w == who and opened < at <= opened + asked.within]
            for who, at in of_period
        ]
        leads = sorted(max(found) for found in before if found)
        return {
            "listed": len(listings),
            "followed": sum(followed),
            "precision": sum(followed) / len(listings) if listings else None,
            "outcomes": len(of_period),
            "foreseen": len(leads),
            "recall": len(leads) / len(of_period) if of_period else None,
            "lead_seconds": {name: _lead(leads, part) for name, part in (("p10", 10), ("median", 50), ("p90", 90))}
            if leads
            else None,
        }

    def _near(self, who: str, at: Instant) -> bool:
        """On the journey then, or until at most ``within`` before."""
        asked, steps = self.question.outcome, self.folded[who].steps
        assert asked is not None
        left = [step.at for step in steps if step.kind == "left" and at - asked.within <= step.at <= at]
        return bool(left) or self.stage_at(who, at) is not None

    def _listings(self) -> Iterable[tuple[str, Instant]]:
        """A card opens where none of its kind was open just before."""
        cards: dict[tuple[str, str], list[Spell]] = {}
        for who, spell in self.spells:
            judge = next(one for one in self.versions if one.number == spell.rulebook)
            rule = judge.rulebook.opportunity(spell.rule)
            if rule is not None:
                cards.setdefault((who, rule.kind), []).append(spell)
        for (who, _), listed in cards.items():
            for at in {spell.from_at for spell in listed}:
                if not any(s.from_at < at and (s.until_at is None or at <= s.until_at) for s in listed):
                    yield who, at


def _within(at: Instant, question: Question) -> bool:
    return (question.since is None or at >= question.since) and at <= question.until


def _days(question: Question, begun: Collection[Instant]) -> list[Day]:
    zone = ZoneInfo(question.rulebook.timezone)
    begin = question.since if question.since is not None else min(begun, default=question.until - 1)
    day = day_of(begin, zone)
    found: list[Day] = []
    while not found or start_of(day, zone) < question.until:
        next_day = day + timedelta(days=1)
        found.append(Day(start_of(day, zone), min(start_of(next_day, zone) - 1, question.until)))
        day = next_day
    found[-1] = Day(found[-1].start, question.until)
    return found


def _differing(one: _Run, other: _Run) -> list[tuple[str | None, ...]]:
    firsts = (_first_difference(one.folded[who], other.folded[who]) for who in one.folded)
    return [first for first in firsts if first is not None]


def _first_difference(one: Folded, other: Folded) -> tuple[str | None, ...] | None:
    for then, new in zip_longest(one.steps, other.steps):
        if _compared(then) != _compared(new):
            published = new is None or (then is not None and then.at < new.at)
            step = then if published else new
            return (
                "published" if published else "candidate",
                *(step.kind, step.cause.rule, step.origin, step.target, step.tag, step.opportunity, step.cause.timer),
            )
    return None


def _compared(step: Step | None) -> object:
    return step and (
        *(step.at, step.kind, step.origin, step.target, step.tag, step.opportunity, step.cause.rule),
        *(step.cause.timer, step.cause.fact),
    )


def _elsewhere(one: _Run, other: _Run) -> int:
    return sum(one.stages[who] != other.stages[who] for who in one.stages)


def _sizes(one: set[Card], other: set[Card]) -> tuple[int, int, int]:
    return len(one), len(other), len(one & other)


def _sellers(one: _Run, other: _Run, days: Iterable[Day]) -> dict[str | None, tuple[int, int, int]]:
    found: dict[str | None, list[int]] = {}
    for day in days:
        both = one.cards(day), other.cards(day)
        for place, cards in enumerate((*both, both[0] & both[1])):
            for _, _, staff in cards:
                found.setdefault(staff, [0, 0, 0])[place] += 1
    return {staff: (sizes[0], sizes[1], sizes[2]) for staff, sizes in found.items()}


def _lead(leads: Sequence[int], part: int) -> float:
    """The shortest of them that is no shorter than this part of a hundred."""
    return (
        next(lead for place, lead in enumerate(leads, 1) if Fraction(place, len(leads)) >= Fraction(part, 100)) / SECOND
    )


def _counted(found: Iterable[Any]) -> dict[Any, int]:
    return dict(Counter(found))


def _some(numbers: Mapping[Any, int]) -> dict[Any, int]:
    return {key: number for key, number in numbers.items() if number}
