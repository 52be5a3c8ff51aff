"""Two backtests of one journey side by side: the main figures of each, and by how much the second has more."""

from collections.abc import Callable, Mapping
from typing import Any

from api.kept_backtests import KeptBacktest
from domain.refusals import NotComparable

Figures = dict[str, Any]


def compared(one: KeptBacktest, other: KeptBacktest) -> dict[str, Any]:
    """As JSON. ``alike`` says whether both fold the same history over the same period. Raises ``NotComparable``."""
    if one.report is None or other.report is None or one.journey != other.journey:
        raise NotComparable()
    a, b = one.report, other.report
    return {
        "journey": one.journey,
        "title": b["title"],
        "one": _named(one, a),
        "other": _named(other, b),
        "alike": {
            "period": a["period"] == b["period"],
            "known": a["known"] == b["known"],
            "published": a["candidate"]["based_on"] == b["candidate"]["based_on"],
            "candidate": a["candidate"]["hash"] == b["candidate"]["hash"],
        },
        "customers": _pair(a["customers"]["folded"], b["customers"]["folded"]),
        "facts": _pair(a["facts"], b["facts"]),
        "differ": _pair(a["differ"]["customers"], b["differ"]["customers"]),
        "elsewhere": _pair(a["differ"]["elsewhere"], b["differ"]["elsewhere"]),
        "stages": _stages(a, b),
        "cards": {side: _pair(_cards(a, side), _cards(b, side)) for side in ("published", "candidate", "both")},
        "outcomes": _outcomes(a["outcomes"], b["outcomes"]),
    }


def _named(kept: KeptBacktest, report: Figures) -> Figures:
    return {
        "id": str(kept.id),
        "candidate": report["candidate"],
        "period": report["period"],
        "known": report["known"],
    }


def _pair(one: float | None, other: float | None) -> Figures:
    return {"one": one, "other": other, "more": None if one is None or other is None else other - one}


def _stages(a: Figures, b: Figures) -> list[Figures]:
    """Every stage of either, those of the first in its order, each under both rules of both."""
    stages = [{row["stage"]: row for row in report["stages"]} for report in (a, b)]
    return [
        {
            "stage": stage,
            "title": next(rows[stage]["title"] for rows in stages if stage in rows),
            **{
                side: _pair(*(rows.get(stage, {side: 0})[side] for rows in stages))
                for side in ("published", "candidate")
            },
        }
        for stage in {**stages[0], **stages[1]}
    ]


def _cards(report: Figures, side: str) -> int:
    """Card-days: each card counts once on each day's list."""
    return sum(day[side] for day in report["board"]["days"])


def _outcomes(a: Figures | None, b: Figures | None) -> Figures | None:
    """Of the candidates; absent where one was not asked, or both were asked another thing."""
    if a is None or b is None or (a["type"], a["within"]) != (b["type"], b["within"]):
        return None
    figures: Mapping[str, Callable[[Figures], float | None]] = {
        "precision": lambda said: said["precision"],
        "recall": lambda said: said["recall"],
        "lead_seconds": lambda said: None if said["lead_seconds"] is None else said["lead_seconds"]["median"],
    }
    found = {name: _pair(figure(a["candidate"]), figure(b["candidate"])) for name, figure in figures.items()}
    return {"type": a["type"], "within": a["within"], **found}
