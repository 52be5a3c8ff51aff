"""A backtest's report as people read it in a terminal, at any width; names in one language, headings in English."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.differing import Differing
from domain.instants import rfc_3339

Language = Literal["zh", "en"]
Report = Mapping[str, Any]

MOST_ROWS: Final = 12
"""Of moves, flows, causes and sellers; the JSON has all of them."""
_BARS: Final = " ▁▂▃▄▅▆▇█"
_OFF: Final = "off the journey"


def show_backtest(report: Report, first: Sequence[Differing], language: Language, console: Console) -> None:
    """Print all of it; ``first`` are the first customers who differ."""
    parts: Iterable[Callable[[], Iterable[Table | Text]]] = (
        lambda: _head(report, language),
        lambda: _stages(report, language),
        lambda: _days(report, console.width),
        lambda: _moves(report),
        lambda: _flow(report),
        lambda: _differ(report),
        lambda: _customers(first, language),
        lambda: _lists(report),
        lambda: _outcomes(report, language),
        lambda: _in_flight(report),
        lambda: _sweep(report, console.width),
    )
    for part in parts:
        for shown in part():
            console.print(shown)


def _head(report: Report, language: Language) -> Iterable[Text]:
    candidate, period, known, customers = (report[name] for name in ("candidate", "period", "known", "customers"))
    title = report["title"].get(language) or report["journey"]
    based_on = "no version" if candidate["based_on"] is None else f"version {candidate['based_on']}"
    yield Text(f"{report['journey']} {title}", style="bold")
    yield Text(f"Candidate {candidate['hash'][:12]} as version {candidate['version']}, based on {based_on}")
    yield Text(f"Period    {period['from'] or 'always'} to {period['to']}, days of {period['timezone']}")
    if known is not None:
        yield Text(f"Known     at position {known['position']} of the log, {known['at']}")
    yield Text(f"Folded    {customers['folded']:,} customers, {report['facts']:,} facts")
    skipped = [f"{customers[why]:,} {why}" for why in ("erased", "damaged") if customers[why]]
    if skipped:
        yield Text(f"Skipped   {', '.join(skipped)}")


def _stages(report: Report, language: Language) -> Iterable[Table]:
    table = _table("Where they stand at the end", "stage", "", *_SIDES, "more")
    for row in report["stages"]:
        table.add_row(_stage(row["stage"]), row["title"].get(language, ""), *_pair(row["published"], row["candidate"]))
    yield table


def _days(report: Report, width: int) -> Iterable[Table]:
    days = report["days"]
    if len(days["dates"]) < 2:
        return
    room = max(10, min(len(days["dates"]), (width - 42) // 2))
    table = _table(f"Stage by day, {days['dates'][0]} to {days['dates'][-1]}", "stage", "", *_SIDES, right=False)
    rows = {side: {row["stage"]: row["counts"] for row in days[side]} for side in _SIDES}
    for stage in {**rows["published"], **rows["candidate"]}:
        counts = [rows[side].get(stage, [0]) for side in _SIDES]
        most = max(map(max, counts))
        table.add_row(_stage(stage), f"up to {most:,}", *(_bars(one, max(most, 1), room) for one in counts))
    yield table


def _moves(report: Report) -> Iterable[Table]:
    table = _table("Moves by rule, those that change most first", "move", "rule", "by", *_SIDES, "more")
    moves = sorted(report["moves"], key=lambda row: -abs(row["candidate"] - row["published"]))
    for row in moves[:MOST_ROWS]:
        rule = row["rule"] or ("by hand" if row["by"] == "fact" else "")
        table.add_row(_move(row), rule, row["by"] or "", *_pair(row["published"], row["candidate"]))
    yield from _cut(table, moves)


def _flow(report: Report) -> Iterable[Table | Text]:
    elsewhere = [row for row in report["flow"] if row["published"] != row["candidate"]]
    if not elsewhere:
        yield Text("Nobody stands elsewhere at the end.\n")
        return
    table = _table("Who stands elsewhere at the end", "under published", "under candidate", "customers")
    for row in sorted(elsewhere, key=lambda row: -row["customers"])[:MOST_ROWS]:
        table.add_row(_stage(row["published"]), _stage(row["candidate"]), f"{row['customers']:,}")
    yield from _cut(table, elsewhere)


def _differ(report: Report) -> Iterable[Table | Text]:
    differ = report["differ"]
    yield Text(f"{differ['customers']:,} customers differ in some step, {differ['elsewhere']:,} stand elsewhere.\n")
    if not differ["first"]:
        return
    table = _table("The first step that differs", "made under", "step", "rule", "timer", "customers")
    for row in differ["first"][:MOST_ROWS]:
        rule = "" if row["kind"] is None else row["rule"] or "by hand"
        table.add_row(row["side"] or "", _step(row), rule, row["timer"] or "", f"{row['customers']:,}")
    yield from _cut(table, differ["first"])


def _customers(first: Sequence[Differing], language: Language) -> Iterable[Table]:
    if not first:
        return
    table = Table("customer", "at", "made under", "why", title="Such as", **_LOOK)
    for one in first:
        why = one.sentence.zh if language == "zh" else one.sentence.en
        table.add_row(one.customer or "(erased)", rfc_3339(one.at), one.side, why)
    yield table


def _lists(report: Report) -> Iterable[Table | Text]:
    board = report["board"]
    days, sellers = board["days"], sorted(board["sellers"], key=lambda row: -max(row["published"], row["candidate"]))
    if not any(row[side] for row in days for side in _SIDES):
        yield Text("No card on any day.\n")
        return
    table = _table("Cards on the lists of the days", "seller", *_SIDES, "more", "on both")
    total = {side: sum(day[side] for day in days) for side in (*_SIDES, "both")}
    for name, row in (("all", total), *((row["staff"] or "nobody's", row) for row in sellers[:MOST_ROWS])):
        table.add_row(name, *_pair(row["published"], row["candidate"]), f"{row['both']:,}")
    yield from _cut(table, sellers)


def _outcomes(report: Report, language: Language) -> Iterable[Table | Text]:
    found = report["outcomes"]
    if found is None:
        return
    table = _table(f"{found['type']} within {found['within']} of a card", "", *_SIDES)
    for name, said in _OUTCOMES.items():
        table.add_row(name, *(said(found[side]) for side in _SIDES))
    yield table
    yield Text(f"{found['observed'][language]}\n")


def _in_flight(report: Report) -> Iterable[Table | Text]:
    flight = report["in_flight"]
    cards = flight["opportunities"]
    yield Text(
        f"Published at {flight['as_of']}: {flight['stay']:,} would stay where they are; "
        f"{cards['opened']:,} opportunities would open, {cards['closed']:,} close."
    )
    if flight["moves"]:
        table = _table("Who would move at once", "from", "to", "customers")
        for row in flight["moves"][:MOST_ROWS]:
            to = _stage(row["to"]) + (" (renamed)" if row["renamed"] else "")
            table.add_row(_stage(row["from"]), to, f"{row['customers']:,}")
        yield from _cut(table, flight["moves"])


def _sweep(report: Report, width: int) -> Iterable[Table]:
    """The figures of each value; then its stages, as many values beside each other as there is room for."""
    sweep = report["sweep"]
    if sweep is None:
        return
    asked = ("precision", "recall") if report["outcomes"] is not None else ()
    table = _table(f"{sweep['path']}, value by value", "value", "differ", "elsewhere", "cards", *asked)
    for run in sweep["runs"]:
        figures = _numbers(run[name] for name in ("differ", "elsewhere", "cards"))
        table.add_row(str(run["value"]), *figures, *(_rate(run["outcomes"][name]) for name in asked))
    yield table
    together = max(2, (width - 24) // 12)
    for first in range(0, len(sweep["runs"]), together):
        yield _stages_swept(sweep["path"], sweep["runs"][first : first + together])


def _stages_swept(path: str, runs: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(f"{path}, stage by stage", "stage", *(str(run["value"]) for run in runs))
    counts = [{row["stage"]: row["customers"] for row in run["stages"]} for run in runs]
    for stage in dict.fromkeys(stage for run in counts for stage in run):
        table.add_row(_stage(stage), *_numbers(run.get(stage, 0) for run in counts))
    return table


_SIDES: Final = ("published", "candidate")
_LOOK: Final[Mapping[str, Any]] = {"box": SIMPLE_HEAD, "title_justify": "left", "title_style": "bold"}


def _table(title: str, *headings: str, right: bool = True) -> Table:
    """Figures stand to the right; what is no figure has one of the few headings of words."""
    table = Table(title=title, **_LOOK)
    for heading in headings:
        figure = right and heading not in _WORDS
        table.add_column(heading, justify="right" if figure else "left", overflow="fold", no_wrap=figure)
    return table


_WORDS: Final = frozenset(
    {
        "stage",
        "under published",
        "under candidate",
        "",
        "move",
        "rule",
        "by",
        "made under",
        "step",
        "timer",
        "seller",
        "from",
        "to",
        "value",
    }
)


def _cut(table: Table, rows: Sequence[object]) -> Iterable[Table]:
    if len(rows) > MOST_ROWS:
        table.caption, table.caption_justify = f"and {len(rows) - MOST_ROWS:,} more rows in the JSON", "left"
    yield table


def _numbers(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in numbers)


def _pair(published: int, candidate: int) -> tuple[str, str, str]:
    more = candidate - published
    return f"{published:,}", f"{candidate:,}", f"{more:+,}" if more else ""


def _stage(stage: str | None) -> str:
    return _OFF if stage is None else stage


def _move(row: Mapping[str, Any]) -> str:
    match row["kind"]:
        case "entered":
            return f"entered at {row['to']}"
        case "left":
            return f"left from {row['from']}"
        case "renamed":
            return f"{row['from']} renamed {row['to']}"
    return f"{row['from']} → {row['to']}"


def _step(row: Mapping[str, Any]) -> str:
    if row["kind"] is None:
        return "all others"
    named = row["tag"] or row["opportunity"]
    return f"{row['kind'].replace('_', ' ')} {named}" if named else _move(row)


def _bars(counts: Sequence[int], most: int, room: int) -> str:
    """As many bars as there is room; each of some days shows the last of them."""
    days = len(counts)
    ends = [counts[(place + 1) * days // room - 1] for place in range(room)] if days > room else counts
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in ends)


def _rate(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _lead(found: Mapping[str, Any]) -> str:
    lead = found["lead_seconds"]
    return "–" if lead is None else f"{_length(lead['median'])} ({_length(lead['p10'])} – {_length(lead['p90'])})"


def _length(seconds: float) -> str:
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


_OUTCOMES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "cards that opened": lambda found: f"{found['listed']:,}",
    "of them followed by it": lambda found: f"{found['followed']:,} ({_rate(found['precision'])})",
    "outcomes": lambda found: f"{found['outcomes']:,}",
    "of them foreseen": lambda found: f"{found['foreseen']:,} ({_rate(found['recall'])})",
    "time ahead, median (10% – 90%)": _lead,
}
