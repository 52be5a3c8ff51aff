"""What the page of a report is made with: names of stages, rows with their differences, and the pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.board.pictures.bars import bar, longest
from api.board.pictures.flow import Pair, Stage, flow_picture
from api.board.pictures.lines import LinePicture, ends, line_picture
from api.board.pictures.scale import MOST_POINTS, buckets, last_of, mean_of
from api.board.view import View

MOST_DAYS_TOLD: Final = 31
"""Rows of the table beside the pictures of days."""
WIDE: Final = 560
"""Of a picture that has half of the page to itself, in its units."""
MOST_SELLERS: Final = 20
"""Rows of sellers that stand open."""

Report = Mapping[str, Any]
Name = Callable[[Stage], str]
"""What a stage is called on the page; off the journey, too."""


@dataclass(frozen=True, slots=True)
class StageDays:
    """How many stood in a stage, day by day, under both: the picture, and the numbers at its ends."""

    stage: Stage
    picture: LinePicture
    published: Sequence[int]
    candidate: Sequence[int]


def named_stages(view: View, report: Report) -> Name:
    """A candidate's stages have their titles in its report alone; ``report`` may be of two."""
    told = {row["stage"]: view.title(row["title"], row["stage"] or "") for row in report.get("stages", ())}
    return lambda stage: told.get(stage) or view.stage(stage or "")


def begun(report: Report) -> Report:
    """Without the days before anybody was on the journey: another journey's customers may be known for years before."""
    days, cards = report["days"], report["board"]["days"]
    rows = [row["counts"] for side in ("published", "candidate") for row in days[side] if row["stage"] is not None]
    first = next((place for place in range(len(days["dates"])) if any(counts[place] for counts in rows)), 0)

    def cut(side: str) -> list[dict[str, Any]]:
        return [row | {"counts": row["counts"][first:]} for row in days[side]]

    dates = days["dates"][first:]
    shorter = {"dates": dates, "published": cut("published"), "candidate": cut("candidate")}
    return {**report, "days": shorter, "board": report["board"] | {"days": cards[first:]}}


def shown(report: Report, stage: Name) -> dict[str, Any]:
    """What the template takes."""
    report = begun(report)
    dates = report["days"]["dates"]
    return {
        "report": report,
        "stage": stage,
        "bar": bar,
        "longest": longest,
        "days": stage_days(report),
        "days_told": _told(len(dates)),
        "cards_told": _told(len(report["board"]["days"])),
        "points": min(len(dates), MOST_POINTS),
        "flow": flow_of(report),
        "cards": cards_of(report),
        "sweep": sweep_of(report),
        "sellers": sorted(report["board"]["sellers"], key=lambda row: -max(row["published"], row["candidate"])),
        "sellers_open": MOST_SELLERS,
    }


def stage_days(report: Report) -> list[StageDays]:
    """A picture per stage in which somebody stood on some day."""
    dates = report["days"]["dates"]
    groups = buckets(len(dates))
    names = [dates[group[-1]] for group in groups]
    candidates = {row["stage"]: row["counts"] for row in report["days"]["candidate"]}
    publisheds = {row["stage"]: row["counts"] for row in report["days"]["published"]}
    nobody = [0] * len(dates)
    found = []
    for stage in dict.fromkeys([*publisheds, *candidates]):
        published, candidate = publisheds.get(stage, nobody), candidates.get(stage, nobody)
        if any(published) or any(candidate):
            sides = {"published": last_of(published, groups), "candidate": last_of(candidate, groups)}
            found.append(StageDays(stage, line_picture(sides, names, ends(len(names))), published, candidate))
    return found


def flow_of(report: Report) -> Any:
    pairs = [Pair(row["published"], row["candidate"], row["customers"]) for row in report["flow"]]
    named = (stage for pair in pairs for stage in (pair.published, pair.candidate))
    return flow_picture(pairs, list(dict.fromkeys([*(row["stage"] for row in report["stages"]), *named])))


def cards_of(report: Report) -> LinePicture | None:
    """``None`` where no side has a card on any day."""
    days = report["board"]["days"]
    if not any(day["published"] or day["candidate"] for day in days):
        return None
    groups = buckets(len(days))
    names = [days[group[0]]["date"] for group in groups]
    sides = {side: mean_of([day[side] for day in days], groups) for side in ("published", "candidate", "both")}
    return line_picture(sides, names, ends(len(names)), width=WIDE)


def sweep_of(report: Report) -> dict[str, LinePicture]:
    """What a parameter does, value by value; its measures side by side."""
    sweep = report["sweep"]
    if sweep is None:
        return {}
    runs = sweep["runs"]
    names = [str(run["value"]) for run in runs]
    marks = list(range(len(names))) if len(names) <= 6 else ends(len(names))
    pictures = {
        "bt_elsewhere": line_picture({"candidate": [run["elsewhere"] for run in runs]}, names, marks),
        "bt_card_days": line_picture({"candidate": [run["cards"] for run in runs]}, names, marks),
    }
    if all(run["outcomes"] for run in runs):
        for measure in ("precision", "recall"):
            values = [_percent(run["outcomes"][measure]) for run in runs]
            pictures[f"bt_{measure}"] = line_picture({"candidate": values}, names, marks, least=0.1)
    return pictures


def _told(days: int) -> list[int]:
    """The days in the table: as many as one reads, the last among them."""
    return [group[-1] for group in buckets(days, MOST_DAYS_TOLD)]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
