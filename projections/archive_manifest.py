"""Which files make up the archive and how far they go, in the database: changed in one transaction, or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from batch_fold.record_files import Folder
from batch_fold.segments import facts_path, sealed_path
from domain.instants import DAY, SECOND, Duration, Instant
from domain.refusals import ArchiveBusy, ArchiveDamaged, StoreAway
from event_log.connections import LOST, Pool, borrowed, reading, snapshot
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

LONGEST_READING: Final[Duration] = 3600 * SECOND
"""After this time nobody can still be about to open a file that was of the archive."""
ABANDONED: Final[Duration] = DAY
"""A file that is not of the archive and so old was left by a process that died."""


@dataclass(frozen=True, slots=True)
class Head:
    """A position of the log, the hash of the leaf that stands there, and when that was recorded."""

    position: int
    leaf_hash: bytes
    recorded_at: Instant


EMPTY: Final = Head(0, b"", 0)


@dataclass(frozen=True, slots=True)
class Segment:
    """Two files of a split. ``place``: later ones lie over earlier ones; ``facts``, ``customers``: how many."""

    name: str
    split: int
    place: int
    facts: int
    customers: int
    first_position: int
    last_position: int
    facts_bytes: int
    facts_digest: bytes
    sealed_bytes: int
    sealed_digest: bytes

    def files(self) -> Iterable[tuple[str, int, bytes]]:
        """Path, size and digest of each."""
        yield facts_path(self.name), self.facts_bytes, self.facts_digest
        yield sealed_path(self.name), self.sealed_bytes, self.sealed_digest


@dataclass(frozen=True, slots=True)
class Manifest:
    """The archive as of one moment; ``segments`` by split, in the order in which they lie."""

    generation: int
    form: str
    splits: int
    head: Head
    kept_at: Instant
    checked_at: Instant | None
    checked_position: int | None
    segments: Mapping[int, Sequence[Segment]]

    def all_segments(self) -> list[Segment]:
        return [segment for own in self.segments.values() for segment in own]

    def refuse_missing(self, folder: Folder) -> None:
        """Raises ``ArchiveDamaged`` unless every file is there, as long as it was."""
        files = [file for segment in self.all_segments() for file in segment.files()]
        for (path, size, _), found in zip(files, folder.sizes([path for path, _, _ in files]), strict=True):
            if found != size:
                raise ArchiveDamaged(f"{path} has {found} bytes, not {size}.")


class Manifests:
    """Every method raises ``StoreAway``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def present(self) -> Manifest | None:
        """``None``: nothing was ever archived."""
        with snapshot(self._pool) as connection:
            row = connection.execute(_QUERIES["present"]).fetchone()
            found = connection.execute(_QUERIES["segments"]).fetchall()
        if row is None:
            return None
        generation, form, splits, position, leaf_hash, recorded_at, kept_at, checked_at, checked_position = row
        segments: dict[int, list[Segment]] = {split: [] for split in range(splits)}
        for columns in found:
            segment = Segment(*columns)
            segments[segment.split].append(segment)
        head = Head(position, leaf_hash, recorded_at)
        return Manifest(generation, form, splits, head, kept_at, checked_at, checked_position, segments)

    def head(self) -> Head:
        """Where the log ends."""
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["head"]).fetchone()
        return EMPTY if row is None else Head(*row)

    def is_of_this_log(self, head: Head) -> bool:
        """Whether the log still has what was archived last."""
        return head == EMPTY or self.standing_at(head.position) == head

    def standing_at(self, position: int) -> Head:
        with reading(self._pool) as connection:
            row = connection.execute(_QUERIES["standing_at"], {"position": position}).fetchone()
        return EMPTY if row is None else Head(position, *row)

    def sums(self, splits: int, after: int, until: int) -> list[tuple[int, int, int]]:
        """Of the log between two positions: split, count of facts, sum of the heads of their leaves' hashes."""
        values = {"splits": splits, "after": after, "until": until}
        with reading(self._pool) as connection:
            rows = connection.execute(_QUERIES["sums"], values).fetchall()
        return [(split, count, int(total)) for split, count, total in rows]

    def checked(self, manifest: Manifest) -> None:
        with reading(self._pool) as connection:
            values = {"generation": manifest.generation, "position": manifest.head.position}
            connection.execute(_QUERIES["checked"], values)

    @contextmanager
    def alone(self) -> Iterator["Keeper"]:
        """The right to change it, which one at a time has. Raises ``ArchiveBusy``."""
        try:
            with borrowed(self._pool) as connection:
                if connection.execute(_QUERIES["try_alone"]).fetchone() != (True,):
                    raise ArchiveBusy()
                try:
                    yield Keeper(connection)
                finally:
                    with suppress(*LOST):
                        connection.execute(_QUERIES["leave"])
        except LOST as error:
            raise StoreAway() from error


class Keeper:
    """What may be changed by who is alone; on the connection that says so, so that both are lost together."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection

    def replace(self, manifest: Manifest, former: Sequence[Segment], segment: Segment) -> None:
        """One segment in the place of some. Raises ``ArchiveBusy`` if they are not what they were."""
        with self._connection.transaction():
            retired = self._execute("retire", names=[one.name for one in former])
            if retired.rowcount != len(former):
                raise ArchiveBusy()
            self._add(manifest.generation, segment)

    def advance(self, manifest: Manifest, to: Head, added: Sequence[Segment]) -> None:
        """More segments, and how far it is with them. Raises ``ArchiveBusy`` if it is not where it was."""
        with self._connection.transaction():
            values = {"generation": manifest.generation, "before": manifest.head.position, **asdict(to)}
            if self._execute("advance", **values).rowcount != 1:
                raise ArchiveBusy()
            for segment in added:
                self._add(manifest.generation, segment)

    def looked_at(self, manifest: Manifest) -> None:
        """Nothing was new."""
        self._execute("looked_at", generation=manifest.generation)

    def switch(self, form: str, splits: int, head: Head, segments: Sequence[Segment]) -> None:
        """A new generation in the place of the one before."""
        with self._connection.transaction():
            self._execute("retire_all")
            ((generation,),) = self._execute("begin", form=form, splits=splits, **asdict(head))
            for segment in segments:
                self._add(generation, segment)

    def tidy(self, folder: Folder) -> int:
        """Remove files that nobody reads any more; returns how many."""
        outlived = [name for (name,) in self._execute("outlived", age=LONGEST_READING)]
        removed = [path for name in outlived for path in (facts_path(name), sealed_path(name))]
        for path in removed:
            folder.remove(path)
        if outlived:
            self._execute("forget", names=outlived)
        return len(removed) + self._remove_abandoned(folder)

    def _remove_abandoned(self, folder: Folder) -> int:
        ((now,),) = self._execute("now")
        known = {path for (name,) in self._execute("known") for path in (facts_path(name), sealed_path(name))}
        abandoned = [
            path
            for path, written_at in folder.ages()
            if path.endswith(".arrow") and path not in known and written_at < now - ABANDONED
        ]
        for path in abandoned:
            folder.remove(path)
        return len(abandoned)

    def _add(self, generation: int, segment: Segment) -> None:
        self._execute("add", generation=generation, **asdict(segment))

    def _execute(self, query: str, **values: Any) -> Any:
        return self._connection.execute(_QUERIES[query], values)


def bounds(split: int, splits: int) -> tuple[UUID, UUID]:
    """The first and the last number that a customer of this split can have: a split is a range of numbers.

    Numbers are random, so that their first bits are as good as a hash.
    """
    width = 2**128 // splits
    return UUID(int=split * width), UUID(int=(split + 1) * width - 1)


def split_of(number: UUID, splits: int) -> int:
    return number.int * splits >> 128
