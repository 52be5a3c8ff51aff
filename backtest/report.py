"""The report: what was added up, as JSON with a fixed order of keys. Nothing personal, no time it took."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.board_days import BoardDays
from backtest.differences import Differences, First
from backtest.history import Known
from backtest.outcomes import OBSERVED, Outcomes
from backtest.part import Part
from backtest.plan import Plan
from backtest.question import number_of_candidate
from backtest.stage_days import StageDays
from domain.instants import DAY, Duration, Instant, brief, rfc_3339
from domain.journey.in_force import in_order
from domain.journey.vocabulary import Sentence
from domain.rulebook.document import Rulebook, Title

FORM: Final = 1
"""Of the report; another number means other keys."""
MOST_FIRSTS: Final = 50
OFF: Final = Sentence("不在旅程中", "Off the journey")

_REST: Final = dict.fromkeys(("side", "kind", "rule", "from", "to", "tag", "opportunity", "timer"))


def report_of(plan: Plan, total: Part, known: Known | None) -> dict[str, Any]:
    question, published = plan.question, plan.runs[0]
    days = _first_day(plan, total)
    stages = _shown_stages(plan, total)
    return {
        "form": FORM,
        "journey": question.journey,
        "title": _title(question.rulebook.title, question.journey),
        "candidate": {
            "version": number_of_candidate(published),
            "hash": question.hash,
            "based_on": max((version.number for version in published), default=None),
        },
        "period": {
            "from": _written(question.since),
            "to": rfc_3339(question.until),
            "timezone": question.rulebook.timezone,
        },
        "known": {"position": known.position, "at": rfc_3339(known.at)} if known is not None else None,
        "customers": {"folded": total.customers, "erased": total.erased, "damaged": total.damaged},
        "facts": total.facts,
        "stages": _stages(plan, total.differences, stages),
        "days": {
            "dates": [day.isoformat() for day in plan.days.dates[days:]],
            "published": _days(total.stages[0], stages, days),
            "candidate": _days(total.stages[1], stages, days),
        },
        "moves": _moves(total.stages),
        "flow": _flow(total.differences.flow, stages),
        "differ": _differ(total.differences),
        "board": _board(plan, total.board, days),
        "outcomes": _outcomes(plan, total.outcomes),
        "in_flight": _in_flight(plan, total, stages),
        "sweep": _sweep(plan, total, stages),
    }


_Shown = Sequence[tuple[str | None, int]]
"""Stages in the order they are told, each with its place; off the journey last."""


def _shown_stages(plan: Plan, total: Part) -> _Shown:
    """The candidate's stages, and those of others in which anybody stood, the newest version's first."""
    seen = np.zeros(plan.off + 1, np.bool_)
    for run in total.stages:
        seen |= run.changes.any(axis=0)
    seen |= total.in_flight.moves.any(axis=0)
    for swept in total.swept:
        seen |= swept.stages > 0
    places = {stage: place for place, stage in enumerate(plan.stages)}
    others = [stage for rulebook in _rulebooks(plan) for stage in rulebook.stage_ids if seen[places[stage]]]
    listed = dict.fromkeys([*plan.question.rulebook.stage_ids, *others])
    return [*((stage, places[stage]) for stage in listed), (None, plan.off)]


def _rulebooks(plan: Plan) -> list[Rulebook]:
    """The candidate's, then those published, the newest first, then those that vary it."""
    published = [version.rulebook for version in reversed(in_order(plan.runs[0]))]
    return [plan.question.rulebook, *published, *(run[-1].rulebook for run in plan.runs[3:])]


def _first_day(plan: Plan, total: Part) -> int:
    """Asked for all there ever was, the days begin with the first who was on the journey."""
    if plan.question.since is not None:
        return 0
    known = np.flatnonzero(total.stages[0].counts.any(axis=1))
    return int(known[0]) if len(known) else len(plan.days) - 1


def _stages(plan: Plan, differences: Differences, stages: _Shown) -> list[dict[str, Any]]:
    published, candidate = differences.flow.sum(axis=1), differences.flow.sum(axis=0)
    return [
        {
            "stage": stage,
            "title": _stage_title(plan, stage),
            "published": int(published[place]),
            "candidate": int(candidate[place]),
        }
        for stage, place in stages
    ]


def _stage_title(plan: Plan, stage: str | None) -> dict[str, str]:
    if stage is None:
        return OFF.as_json()
    known = (one for rulebook in _rulebooks(plan) for one in rulebook.stages if one.id == stage)
    return _title(next(known).title, stage)


def _title(title: Title, fallback: str) -> dict[str, str]:
    return {"zh": title.get("zh") or fallback, "en": title.get("en") or fallback}


def _days(run: StageDays, stages: _Shown, first: int) -> list[dict[str, Any]]:
    return [{"stage": stage, "counts": run.counts[first:, place].tolist()} for stage, place in stages]


def _moves(runs: Sequence[StageDays]) -> list[dict[str, Any]]:
    """The most frequent first."""
    published, candidate = (run.moves for run in runs)
    order = sorted(published | candidate, key=lambda move: (-(published | candidate)[move], _sortable(move)))
    return [
        {
            "kind": move.kind,
            "from": move.origin,
            "to": move.target,
            "rule": move.rule,
            "by": move.by,
            "published": published[move],
            "candidate": candidate[move],
        }
        for move in order
    ]


def _flow(ways: NDArray[np.int64], stages: _Shown) -> list[dict[str, Any]]:
    return [
        {"published": origin, "candidate": target, "customers": int(ways[row, column])}
        for (origin, row), (target, column) in product(stages, stages)
        if ways[row, column]
    ]


def _differ(differences: Differences) -> dict[str, Any]:
    """What made the first step that differs, the most frequent first; all beyond the first fifty as one."""
    made = sorted(differences.first.items(), key=lambda item: (-item[1], _sortable(item[0])))
    first = [_first(*item) for item in made[:MOST_FIRSTS]]
    if len(made) > MOST_FIRSTS:
        first.append({**_REST, "customers": sum(customers for _, customers in made[MOST_FIRSTS:])})
    return {"customers": differences.rows.num_rows, "elsewhere": differences.elsewhere, "first": first}


def _first(made: First, customers: int) -> dict[str, Any]:
    return {
        "side": made.side,
        "kind": made.kind,
        "rule": made.rule,
        "from": made.origin,
        "to": made.target,
        "tag": made.tag,
        "opportunity": made.opportunity,
        "timer": made.timer,
        "customers": customers,
    }


def _board(plan: Plan, board: BoardDays, first: int) -> dict[str, Any]:
    """Sellers in order of their ids, nobody's customers last."""
    sides = ("published", "candidate", "both")
    sellers = sorted(board.sellers.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return {
        "days": [
            {"date": day.isoformat(), **dict(zip(sides, cards, strict=True))}
            for day, cards in zip(plan.days.dates[first:], board.cards[:, first:].T.tolist(), strict=True)
        ],
        "sellers": [{"staff": staff, **dict(zip(sides, days.tolist(), strict=True))} for staff, days in sellers],
    }


def _outcomes(plan: Plan, came: tuple[Outcomes, Outcomes] | None) -> dict[str, Any] | None:
    asked = plan.question.outcome
    if asked is None or came is None:
        return None
    return {
        "type": asked.type,
        "within": _length(asked.within),
        "observed": OBSERVED.as_json(),
        "published": came[0].as_json(),
        "candidate": came[1].as_json(),
    }


def _in_flight(plan: Plan, total: Part, stages: _Shown) -> dict[str, Any]:
    """The largest move first. ``renamed`` tells that ``to`` is only the candidate's new name of ``from``."""
    ways, renames = total.in_flight.moves, plan.question.rulebook.renames
    moves = [
        {
            "from": origin,
            "to": target,
            "renamed": origin is not None and renames.get(origin) == target,
            "customers": int(ways[row, column]),
        }
        for (origin, row), (target, column) in product(stages, stages)
        if row != column and ways[row, column]
    ]
    return {
        "as_of": rfc_3339(plan.question.until),
        "stay": int(np.trace(ways)),
        "moves": sorted(moves, key=lambda move: -int(move["customers"] or 0)),
        "opportunities": {"opened": total.in_flight.opened, "closed": total.in_flight.closed},
    }


def _sweep(plan: Plan, total: Part, stages: _Shown) -> dict[str, Any] | None:
    vary = plan.question.vary
    if vary is None:
        return None
    return {
        "path": vary.path,
        "runs": [one.as_json(value, stages) for value, one in zip(vary.values, total.swept, strict=True)],
    }


def _length(length: Duration) -> str:
    """In days where it is whole days: people say 7d, not 1w."""
    days, rest = divmod(length, DAY)
    return brief(length) if rest else f"{days}d"


def _sortable(texts: Iterable[str | None]) -> list[str]:
    return [text or "" for text in texts]


def _written(at: Instant | None) -> str | None:
    return rfc_3339(at) if at is not None else None
