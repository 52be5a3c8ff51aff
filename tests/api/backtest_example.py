"""A report of a backtest as the pages take it, of any size; the numbers follow from the arguments alone."""

from datetime import date, timedelta
from math import sin
from typing import Any

STAGES = {
    "lead": ("潜客", "Lead"),
    "mql": ("意向", "MQL"),
    "sql": ("高意向", "SQL"),
    "won": ("成单", "Won"),
    "refused": ("暂不打扰", "Refused"),
    "dormant": ("沉默", "Dormant"),
}
SHARES = {"lead": 0.2, "mql": 0.15, "sql": 0.1, "won": 0.05, "refused": 0.05, "dormant": 0.4, None: 0.05}


def example_report(customers: int = 20_000, days: int = 120, sellers: int = 12) -> dict[str, Any]:
    """`silent` after 7 days in the place of 14: some leads and MQL would be dormant."""
    published = {stage: int(customers * share) for stage, share in SHARES.items()}
    shifted = {("lead", "dormant"): customers // 25, ("mql", "dormant"): customers // 60, ("dormant", "mql"): 3}
    candidate = dict(published)
    for (origin, target), number in shifted.items():
        candidate[origin] -= number
        candidate[target] += number
    elsewhere = sum(shifted.values())
    staying = {(stage, stage): published[stage] for stage in published}
    for (origin, _), number in shifted.items():
        staying[origin, origin] -= number
    return {
        "form": 1,
        "journey": "j",
        "title": {"zh": "课程私域", "en": "Course sales"},
        "candidate": {"version": 4, "hash": "9f" * 32, "based_on": 3},
        "period": {"from": "2025-11-30T16:00:00Z", "to": "2026-03-30T04:00:00Z", "timezone": "Asia/Shanghai"},
        "known": {"position": customers * 31, "at": "2026-03-30T04:00:01Z"},
        "customers": {"folded": customers, "erased": 4, "damaged": 0},
        "facts": customers * 30,
        "stages": [
            {"stage": stage, "title": _title(stage), "published": published[stage], "candidate": candidate[stage]}
            for stage in published
        ],
        "days": _days(days, published, candidate),
        "moves": _moves(customers),
        "flow": [
            {"published": origin, "candidate": target, "customers": number}
            for (origin, target), number in (staying | shifted).items()
            if number
        ],
        "differ": {"customers": elsewhere * 3, "elsewhere": elsewhere, "first": _first(elsewhere)},
        "board": _board(days, sellers),
        "outcomes": {"type": "order.paid", "within": "7d", "observed": OBSERVED, **_outcomes(0)},
        "in_flight": {
            "as_of": "2026-03-30T04:00:00Z",
            "stay": customers - elsewhere,
            "moves": [
                {"from": "lead", "to": "dormant", "renamed": False, "customers": customers // 25},
                {"from": "mql", "to": "dormant", "renamed": False, "customers": customers // 60},
            ],
            "opportunities": {"opened": 12, "closed": 340},
        },
        "sweep": {"path": "moves.silent.after", "runs": [_run(n, value, published) for n, value in enumerate(VALUES)]},
    }


VALUES = ("7d", "14d", "21d", "30d")
OBSERVED = {
    "zh": "结果是在当时的规则下观察到的：换了规则，联系的人不同，结果也可能不同。",
    "en": "Outcomes were observed under the rules of then: other rules would have led to other contacts, and outcomes.",
}


def _title(stage: str | None) -> dict[str, str]:
    zh, en = STAGES[stage] if stage else ("不在旅程中", "Off the journey")
    return {"zh": zh, "en": en}


def _days(days: int, published: dict[Any, int], candidate: dict[Any, int]) -> dict[str, Any]:
    first = date(2025, 12, 1)

    def grown(counts: dict[Any, int], wave: float) -> list[dict[str, Any]]:
        share = [(0.5 + 0.5 * day / days) * (1 + wave * sin(day / 9)) for day in range(days)]
        return [{"stage": stage, "counts": [int(count * part) for part in share]} for stage, count in counts.items()]

    return {
        "dates": [(first + timedelta(days=day)).isoformat() for day in range(days)],
        "published": grown(published, 0.05),
        "candidate": grown(candidate, 0.08),
    }


def _moves(customers: int) -> list[dict[str, Any]]:
    rows = [
        ("entered", None, "lead", "enter", "fact", 1.0, 1.0),
        ("moved", "lead", "mql", "to-mql", "fact", 0.6, 0.6),
        ("moved", "lead", "dormant", "silent", "after", 0.35, 0.55),
        ("moved", "mql", "dormant", "silent", "after", 0.2, 0.3),
        ("moved", "mql", "sql", "to-sql", "fact", 0.3, 0.28),
        ("moved", "sql", "mql", "cool", "after", 0.1, 0.1),
        ("moved", "sql", "won", "paid", "fact", 0.05, 0.05),
        ("moved", "mql", "refused", None, "fact", 0.01, 0.01),
        ("renamed", "old", "lead", None, "rulebook", 0.002, 0.0),
        ("left", "lead", None, "leave", "fact", 0.05, 0.05),
    ]  # fmt: skip
    return [
        {
            "kind": kind,
            "from": origin,
            "to": target,
            "rule": rule,
            "by": by,
            "published": int(customers * published),
            "candidate": int(customers * candidate),
        }
        for kind, origin, target, rule, by, published, candidate in rows
    ]


def _first(elsewhere: int) -> list[dict[str, Any]]:
    silent = {"kind": "moved", "rule": "silent", "to": "dormant", "timer": "after"}
    price = {"kind": "tag_removed", "rule": "price", "tag": "price-interest", "timer": "expiry"}
    chat = {"kind": "opened", "rule": "chat", "opportunity": "chat"}
    rows: list[dict[str, Any]] = [
        {**silent, "side": "candidate", "from": "lead", "customers": elsewhere * 2},
        {**silent, "side": "published", "from": "mql", "customers": elsewhere // 2},
        {**chat, "side": "candidate", "customers": elsewhere // 3},
        {**price, "side": "candidate", "customers": 7},
    ]
    names = ("side", "kind", "rule", "from", "to", "tag", "opportunity", "timer", "customers")
    return [{name: row.get(name) for name in names} for row in rows]


def _board(days: int, sellers: int) -> dict[str, Any]:
    first = date(2025, 12, 1)
    sizes = [int(60 + 25 * sin(day / 5) + (30 if day % 7 < 5 else 0)) for day in range(days)]
    people = [*(f"seller-{number}" for number in range(sellers - 1)), None]
    return {
        "days": [
            {
                "date": (first + timedelta(days=day)).isoformat(),
                "published": size,
                "candidate": size - size // 5,
                "both": size - size // 4,
            }
            for day, size in enumerate(sizes)
        ],
        "sellers": [
            {"staff": staff, "published": 900 - n * 7, "candidate": 800 - n * 5, "both": 700 - n * 7}
            for n, staff in enumerate(people)
        ],
    }


def _outcomes(n: int) -> dict[str, Any]:
    def side(listed: int, followed: int) -> dict[str, Any]:
        lead = {"p10": 7_200, "median": 86_400 + n * 10_000, "p90": 400_000}
        return {
            "listed": listed, "followed": followed, "precision": followed / listed, "outcomes": 1_200,
            "foreseen": followed - 30, "recall": (followed - 30) / 1_200, "lead_seconds": lead,
        }  # fmt: skip

    return {"published": side(7_400, 900 - n * 20), "candidate": side(5_900 - n * 400, 840 - n * 60)}


def _run(n: int, value: str, published: dict[Any, int]) -> dict[str, Any]:
    return {
        "value": value,
        "stages": [{"stage": stage, "customers": count + (1 - n) * count // 20} for stage, count in published.items()],
        "differ": abs(1 - n) * 700,
        "elsewhere": abs(1 - n) * 420,
        "cards": 9_000 - n * 800,
        "outcomes": _outcomes(n)["candidate"],
    }
