"""A version that is built from nothing filled at once: the archive folded by the compiled fold, its rows copied in.

The rows are those of a follower who has read up to the archive's position. Who cannot be told of from the archive (who
has a void, who is damaged) is left to be derived from the log.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import TupleRow

from batch_fold.columns import Batch
from batch_fold.pieces import Pieces
from batch_fold.record_files import NUMBER_BYTES
from batch_fold.segments import VOIDS
from batch_fold.splits import Split, read_split
from batch_fold.together import together
from domain.instants import Instant
from domain.refusals import ArchiveBusy, ArchiveDamaged
from event_log.leases import Lease
from event_log.published import versions_by_journey
from event_log.reading import Reading
from event_log.turns import Tracking
from projections.archive import Archive, Snapshot
from projections.batch_build_copying import Copying
from projections.batch_build_identities import Identities
from projections.batch_build_rows import BatchRows, judged
from projections.journeys import Made

BEHIND: Final = 100_000
"""An archive that is further behind the log is not waited for."""
AT_ONCE: Final = 100_000
"""About so many facts of the partition are folded together."""
BEAT: Final = 1.0
"""Seconds between two signs of life."""

T = TypeVar("T")
R = TypeVar("R")


class BatchBuild:
    def __init__(self, archive: Archive, log: Reading) -> None:
        self._archive = archive
        self._log = log

    def prepared(self, lease: Lease) -> "Filling | None":
        """What fills a partition; ``None`` where there is no archive to do it from. Raises ``StoreAway``."""
        try:
            status = self._archive.status()
            if status.position == 0 or status.head - status.position > BEHIND:
                return None
            self._archive.keep_up()
            return Filling(self._archive, self._log, self._archive.snapshot(), lease)
        except (ArchiveBusy, ArchiveDamaged, OSError):
            return None


class Filling:
    """Fills the empty tables of one partition. While it reads and folds, the database hears from it now and then."""

    def __init__(self, archive: Archive, log: Reading, snapshot: Snapshot, lease: Lease) -> None:
        self._archive = archive
        self._log = log
        self._snapshot = snapshot
        self._lease = lease

    def __call__(self, connection: Connection[TupleRow]) -> Made:
        """Within a transaction. Raises ``StoreAway``, ``ArchiveDamaged``, ``EntryDamaged``, ``ErasedMeanwhile``."""
        until = self._until()
        journeys = versions_by_journey(self._log.publications(self._snapshot.position))
        rows = BatchRows([judged(name, own, until) for name, own in journeys.items()], until)
        made: set[UUID] = set()

        def made_of(splits: Sequence[Split]) -> tuple[list[UUID], list[tuple[str, bytes]]]:
            read = [
                (split, read_split(split, rows.needs, self._archive.open_boxes(split), self._left_out))
                for split in splits
            ]
            batch = together([one for _, one in read])
            return _customers(batch), list(rows.of(batch, Identities(self._log, read)))

        copying = Copying(connection)
        for customers, copies in _made_ahead(made_of, self._some_at_once(), copying.beat):
            made.update(customers)
            for table, copied in copies:
                copying.add(table, copied)
        copying.end()
        return Made(Tracking(self._snapshot.position, until), made)

    def _some_at_once(self) -> list[list[Split]]:
        some: list[list[Split]] = [[]]
        facts = 0
        for split in self._snapshot.splits:
            some[-1].append(split)
            facts += split.facts
            if facts > AT_ONCE * self._lease.partitions:
                some.append([])
                facts = 0
        return [splits for splits in some if splits]

    def _until(self) -> Instant:
        """As late as possible: to just before what is not in the archive was recorded, or to now."""
        now = self._log.settled()
        following = self._log.entries(self._snapshot.position, 1)
        return max(self._snapshot.recorded_at, min([now, *(entry.recorded_at - 1 for entry in following)]))

    def _left_out(self, known: Pieces) -> NDArray[np.bool_]:
        """Who is of another partition, and who has a void: what was believed before it, the archive does not say."""
        first_byte = np.ascontiguousarray(known.customers).view(np.uint8).reshape(-1, NUMBER_BYTES)[:, 0]
        left_out: NDArray[np.bool_] = first_byte % self._lease.partitions != self._lease.partition
        left_out |= (known.marks & VOIDS) != 0
        return left_out


def _customers(batch: Batch) -> list[UUID]:
    numbers = np.ascontiguousarray(batch.customers).tobytes()
    return [UUID(bytes=numbers[begin : begin + 16]) for begin in range(0, len(numbers), 16)]


def _made_ahead(make: Callable[[T], R], items: Sequence[T], beat: Callable[[], None]) -> Iterator[R]:
    """What is made of each, in order; the next is made while the last is used."""
    with ThreadPoolExecutor(1) as beside:
        following: Future[R] | None = None
        for item in [*items, None]:
            made, following = following, None if item is None else beside.submit(make, item)
            if made is not None:
                while not wait([made], BEAT).done:
                    beat()
                yield made.result()
