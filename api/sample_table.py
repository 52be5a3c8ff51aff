"""`trailbook sample`: where the households of the bundled sample stand at an instant, by stage, and what moved them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from api.fact_files import exported_facts
from api.replaying import single_version
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant, rfc_3339
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version


def show_sample(as_of: Instant, example: str | None) -> None:
    """Print the board by stage to standard output, and one household's trail with the reason of each step."""
    folder = files("api") / "sample"
    with as_file(folder / "rulebook.yaml") as rulebook, as_file(folder / "complete_journey.ndjson.gz") as facts:
        versions, histories = single_version(rulebook), _by_household(facts)
    progress = Console(stderr=True)
    folded = {
        household: fold(in_fold_order(facts, as_of), versions, as_of)
        for household, facts in track(histories.items(), "Replaying 2,469 households", console=progress)
        if any(fact.occurred_at <= as_of for fact in facts)
    }
    Console().print(_board(folded, versions, as_of))
    named = example or max(folded, key=lambda household: (len(folded[household].steps), household), default=None)
    if named in folded:
        Console().print(_trail(named, folded[named]))


def _by_household(path: Path) -> dict[str, list[Fact]]:
    histories: dict[str, list[Fact]] = defaultdict(list)
    for fact in exported_facts(path):
        histories[fact.customer].append(fact)
    return dict(sorted(histories.items()))


def _board(folded: dict[str, Folded], versions: Sequence[Version], as_of: Instant) -> Table:
    counts = Counter(result.standing.stage for result in folded.values())
    newest: dict[str | None, tuple[Instant, str]] = {}
    for household, result in folded.items():
        since = result.standing.since or as_of
        newest[result.standing.stage] = max(newest.get(result.standing.stage, (since, household)), (since, household))
    table = Table(title=f"Households by stage, as of {rfc_3339(as_of)}")
    for heading in ("stage", "阶段", "households", "came last"):
        table.add_column(heading, justify="right" if heading == "households" else "left")
    for stage in versions[-1].rulebook.stages:
        since, household = newest.get(stage.id, (as_of, ""))
        last = f"{household}, {rfc_3339(since)}" if household else ""
        table.add_row(stage.title.get("en", stage.id), stage.title.get("zh", ""), f"{counts[stage.id]:,}", last)
    return table


def _trail(household: str, result: Folded) -> Table:
    table = Table(title=f"Why: the last steps of household {household}")
    for heading in ("at", "step", "because of", "rule"):
        table.add_column(heading)
    for step in result.steps[-12:]:
        what = step.tag or step.opportunity or f"{step.origin or ''} → {step.target or ''}"
        cause = step.cause.fact.type if step.cause.fact is not None else f"timer: {step.cause.timer}"
        table.add_row(rfc_3339(step.at), f"{step.kind} {what}", cause, step.cause.rule or "")
    return table
