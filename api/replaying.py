"""`trailbook replay --facts`: a file of facts folded under a rulebook, one JSON line a customer; no database."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from api.fact_files import exported_facts, lines_of
from domain.facts import Fact
from domain.history import in_fold_order, known_by
from domain.instants import Instant, instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import ALWAYS, Version, known, version
from domain.refusals import Fault, NotAnInstant, NotJson, RulebookUnfit
from domain.rulebook.document import Rulebook
from domain.rulebook.reader import rulebook, rulebook_of
from domain.strict_json import parse

Engine = Literal["reference", "vector"]


def replayed(
    facts: Path,
    versions: Sequence[Version],
    as_of: Instant,
    known_at: Instant | None,
    customer: str | None,
    trail: bool,
    engine: Engine = "reference",
) -> Iterator[str]:
    """The output lines, in order of customer; who has no fact inside both cuts is left out."""
    histories = _histories(facts, as_of, known_at, customer)
    in_sight = versions if known_at is None else known(versions, known_at)
    if engine == "vector":
        found = _folded_at_once(list(histories.values()), in_sight, versions, as_of)
    else:
        found = (fold(history, in_sight, as_of) for history in histories.values())
    for name, folded in zip(histories, found, strict=True):
        yield json.dumps(_line(name, folded, trail), ensure_ascii=False)


def _histories(path: Path, as_of: Instant, known_at: Instant | None, customer: str | None) -> dict[str, list[Fact]]:
    by_customer: dict[str, list[Fact]] = defaultdict(list)
    for fact in exported_facts(path):
        if customer is None or fact.customer == customer:
            by_customer[fact.customer].append(fact)
    histories = {}
    for name in sorted(by_customer):
        history = by_customer[name] if known_at is None else known_by(by_customer[name], known_at)
        if ordered := in_fold_order(history, as_of):
            histories[name] = ordered
    return histories


def _folded_at_once(
    histories: Sequence[Sequence[Fact]], in_sight: Sequence[Version], versions: Sequence[Version], as_of: Instant
) -> Iterator[Folded]:
    # The compiler is slow to import, and no other command needs it.
    from batch_fold.answers import folded
    from batch_fold.folding import fold_all
    from batch_fold.gathered import columns_of
    from batch_fold.masks import masks_of
    from batch_fold.program import program_of

    if not histories:
        return
    # Perhaps none is in sight; of which journey it is, the others say.
    program = program_of([in_sight, versions])
    columns = columns_of(histories, program.needs)
    folds = fold_all(program, columns, masks_of(columns, program), 0, as_of)
    facts = [fact for history in histories for fact in history]
    for place in range(columns.customers):
        yield folded(folds, place, facts)


def single_version(path: Path) -> list[Version]:
    """One document as version 1, in force since always."""
    return [version(read_rulebook(path))]


def numbered_versions(path: Path) -> list[Version]:
    """NDJSON of ``{"version", "published_at", "effective_from", "document"}``. Raises ``RulebookUnfit`` by line."""
    versions: list[Version] = []
    faults: list[Fault] = []
    for number, line in lines_of(path):
        try:
            versions.append(_numbered(parse(line)))
        except (NotJson, NotAnInstant) as refusal:
            faults.append(Fault(str(refusal), line=number))
        except RulebookUnfit as refusal:
            reasons = refusal.faults or (Fault(refusal.detail),)
            faults += [Fault(fault.reason, fault.pointer, line=number) for fault in reasons]
    faults += _series_faults(versions) if not faults else []
    if faults:
        raise RulebookUnfit(faults=faults)
    return versions


def read_rulebook(path: Path) -> Rulebook:
    return rulebook(read_text(path))


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RulebookUnfit(faults=[Fault(f"Byte {error.start} is not UTF-8.")]) from None


def _numbered(entry: Any) -> Version:
    if not isinstance(entry, dict) or not isinstance(entry.get("version"), int):
        raise RulebookUnfit(faults=[Fault("A line holds version (a number), published_at, effective_from, document.")])
    if not isinstance(entry.get("published_at"), str):
        raise RulebookUnfit(faults=[Fault("published_at must be a time.", "/published_at")])
    document = entry.get("document")
    book = rulebook(document) if isinstance(document, str) else rulebook_of(document)
    published_at = instant(entry["published_at"])
    effective_from = entry.get("effective_from", entry["published_at"])
    if not (effective_from is None or isinstance(effective_from, str)):
        raise RulebookUnfit(faults=[Fault("effective_from must be a time or null.", "/effective_from")])
    in_force_from = ALWAYS if effective_from is None else instant(effective_from)
    return version(book, entry["version"], in_force_from, published_at)


def _series_faults(versions: Sequence[Version]) -> list[Fault]:
    numbers = [entry.number for entry in versions]
    if not versions:
        return [Fault("There is no version in the file.")]
    if len(set(numbers)) < len(numbers):
        return [Fault("A version number occurs twice.")]
    if len({entry.rulebook.journey for entry in versions}) > 1:
        return [Fault("All versions must be of one journey.")]
    first = min(numbers)
    if any(entry.effective_from == ALWAYS and entry.number != first for entry in versions):
        return [Fault("Only the first version may be in force since always (effective_from: null).")]
    return []


def _line(customer: str, folded: Folded, trail: bool) -> dict[str, Any]:
    standing = folded.standing.as_json()
    line = {
        "customer": customer,
        "stage": standing["stage"],
        "since": standing["since"],
        "tags": sorted(folded.standing.tags),
        "open": sorted(folded.standing.open),
    }
    return line | ({"steps": [step.as_json() for step in folded.steps]} if trail else {})
