"""What is new in the log written as segments over those there are: a customer's late fact has her written anew."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from batch_fold.merging import joined_contents
from batch_fold.pieces import pieces
from batch_fold.record_files import Folder
from batch_fold.segments import (
    DAMAGED,
    VOIDS,
    Contents,
    FactsFile,
    facts_path,
    sealed_path,
    sealed_written,
    write_contents,
)
from event_log.by_customer import ByCustomer, History
from event_log.entry import FACT, Entry
from event_log.reading import Reading
from projections.archive_arranging import VOID, Arranged, arranged
from projections.archive_manifest import Head, Manifest, Segment, bounds, split_of

PAGE: Final = 20_000
"""Entries that become segments together."""

NewName = Callable[[], str]
"""Gives names that were never given before."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Where segments go."""

    folder: Folder
    new_name: NewName

    def segment(self, split: int, place: int, parts: Iterable[Arranged]) -> Segment | None:
        """Customers in order of number, all parts together; ``None`` where there are none."""
        name = f"{split:04}/{self.new_name()}"
        contents = []
        with sealed_written(self.folder, name) as sealed:
            for part in parts:
                contents.append(part.contents)
                sealed.add(part.sealed)
        if not contents:
            self.folder.remove(sealed_path(name))
            return None
        whole = joined_contents(contents)
        write_contents(self.folder, name, whole)
        return self.written(name, split, place, whole)

    def written(self, name: str, split: int, place: int, contents: Contents) -> Segment:
        """What the manifest says of two files that were just written; their digests are of what can be read back."""
        facts, sealed = facts_path(name), sealed_path(name)
        facts_bytes, sealed_bytes = self.folder.sizes([facts, sealed])
        positions = contents.batch.positions
        return Segment(
            name,
            split,
            place,
            len(positions),
            len(contents.marks),
            int(positions.min()),
            int(positions.max()),
            facts_bytes or 0,
            self.folder.digest(facts),
            sealed_bytes or 0,
            self.folder.digest(sealed),
        )


def page_after(log: Reading, position: int, until: int, limit: int = PAGE) -> list[Entry]:
    """The next entries, what one transaction wrote never torn apart: what is archived was all that was known once."""
    while True:
        entries = [entry for entry in log.entries(position, limit) if entry.position <= until]
        if len(entries) < limit or entries[-1].position == until:
            return entries
        whole = [entry for entry in entries if entry.recorded_at != entries[-1].recorded_at]
        if whole:
            return whole
        limit *= 2


class Keeping:
    """Of one archive, while nobody else changes it."""

    def __init__(self, by_customer: ByCustomer, writing: Writing) -> None:
        self._by_customer = by_customer
        self._writing = writing

    def added(self, manifest: Manifest, page: Sequence[Entry]) -> list[Segment]:
        """Write the facts of a page, which follows what is archived; returns the segments, one for each split touched.

        Raises ``ArchiveDamaged``, ``StoreAway``.
        """
        own: dict[int, list[Entry]] = {}
        for entry in page:
            if entry.topic == FACT:
                own.setdefault(split_of(entry.originator_id, manifest.splits), []).append(entry)
        made = [self._split(manifest, split, entries, page[-1].position) for split, entries in sorted(own.items())]
        return [segment for segment in made if segment is not None]

    def _split(self, manifest: Manifest, split: int, entries: Sequence[Entry], position: int) -> Segment | None:
        there = manifest.segments[split]
        new = self._by_customer.with_keys(entries)
        newcomers, late = self._told_apart(new, there)
        anew = self._by_customer.histories(sorted(late), position) if late else []
        histories = sorted([*(one for one in new if one.number not in late), *anew], key=_number)
        place = there[-1].place + 1 if there else 0
        return self._writing.segment(split, place, [arranged(histories, newcomers | late)])

    def _told_apart(self, new: Sequence[History], there: Sequence[Segment]) -> tuple[set[UUID], set[UUID]]:
        """Who of them was unknown until now, and whom these facts do not merely continue."""
        if not there:
            return {one.number for one in new}, set()
        known = pieces([FactsFile(self._writing.folder, segment.name) for segment in there])
        numbers = np.array([one.number.bytes for one in new], known.customers.dtype)
        places = np.searchsorted(known.customers, numbers)
        newcomers, late = set[UUID](), set[UUID]()
        for one, number, place in zip(new, numbers, places.tolist(), strict=True):
            if place == len(known.customers) or known.customers[place] != number:
                newcomers.add(one.number)
            elif known.marks[place] & (VOIDS | DAMAGED) or _voids(one) or _first(one) <= known.last[place]:
                late.add(one.number)
        return newcomers, late


def built(
    by_customer: ByCustomer, writing: Writing, splits: int, head: Head, said: Callable[[int], Any]
) -> list[Segment]:
    """All of the log up to ``head`` as one segment for each split; ``said`` is told how many facts more are written."""

    def told(parts: Iterator[list[History]]) -> Iterator[Arranged]:
        for histories in parts:
            yield arranged(histories)
            said(sum(len(history.entries) for history in histories))

    walks = [by_customer.walk(*bounds(split, splits), head.position) for split in range(splits)]
    made = [writing.segment(split, 0, told(walk)) for split, walk in enumerate(walks)]
    return [segment for segment in made if segment is not None]


def _voids(history: History) -> bool:
    return any(entry.fact_type == VOID for entry in history.entries)


def _first(history: History) -> int:
    return min(entry.occurred_at for entry in history.entries)


def _number(history: History) -> UUID:
    return history.number
