"""`trailbook import`: every line is read and checked before anything is stored; then each customer's facts together."""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from api.fact_files import lines_of
from api.wiring import Service
from domain.envelope import read_fact
from domain.facts import Fact
from domain.instants import Instant
from domain.refusals import Fault, NotJson, Refusal
from domain.strict_json import parse
from event_log.committing import in_turn

MOST_TOGETHER = 1000
MOST_BYTES = 1024 * 1024


@dataclass(slots=True)
class Imported:
    accepted: int = 0
    duplicates: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A fact with the line it came from and that line's size in bytes."""

    line: int
    size: int
    fact: Fact


def read_all(path: Path, latest: Instant) -> tuple[list[Sent], list[Fault]]:
    """Every good line and every fault of a file, by line."""
    good: list[Sent] = []
    bad: list[Fault] = []
    with _nothing_to_collect():
        for number, line in lines_of(path):
            read = _read(line, latest)
            if isinstance(read, Fact):
                good.append(Sent(number, len(line), read))
            else:
                bad += [replace(fault, line=number) for fault in read]
    return good, bad


def _read(line: bytes, latest: Instant) -> Fact | list[Fault]:
    try:
        return read_fact(parse(line), latest=latest)
    except NotJson as refusal:
        return [Fault(refusal.detail)]


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Millions of objects are made and all of them stay; the collector would look through them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def store(service: Service, sent: Sequence[Sent], stored: Callable[[int], None]) -> Imported:
    """Store group by group; ``stored`` is told how many lines each group had.

    Raises the log's refusal with the file's line numbers; what went in before stays, and importing again is harmless.
    """
    result = Imported()
    groups = list(_groups(sent))
    requests = ([item.fact for item in group] for group in groups)
    for group, outcome in zip(groups, in_turn(service.log.intake, requests), strict=True):
        if isinstance(outcome, Refusal):
            faults = [replace(fault, line=group[fault.index or 0].line, index=None) for fault in outcome.faults]
            raise type(outcome)(f"Stored before: {result.accepted} new facts.", faults)
        result.accepted += outcome.accepted
        result.duplicates += outcome.duplicates
        result.position = max(result.position, outcome.position)
        stored(len(group))
    return result


def _groups(sent: Sequence[Sent]) -> Iterator[list[Sent]]:
    """Whole customers, as many as fit into one transaction, so that an import is one change of belief for each."""
    by_customer: dict[str, list[Sent]] = defaultdict(list)
    for item in sent:
        by_customer[item.fact.customer].append(item)
    group: list[Sent] = []
    size = 0
    for own in by_customer.values():
        own_size = sum(item.size for item in own)
        if group and (len(group) + len(own) > MOST_TOGETHER or size + own_size > MOST_BYTES):
            yield group
            group, size = [], 0
        if own_size > MOST_BYTES:
            yield from _split(own)
        else:
            group += own
            size += own_size
    if group:
        yield group


def _split(own: Sequence[Sent]) -> Iterator[list[Sent]]:
    part: list[Sent] = []
    size = 0
    for item in own:
        if part and size + item.size > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += item.size
    yield part
