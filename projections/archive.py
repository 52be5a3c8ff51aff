"""The archive: all facts as columns, in files beside the log, kept up with it, made anew whenever it is in doubt."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, sleep
from typing import Any, Final
from uuid import UUID

from batch_fold.merging import due, merge
from batch_fold.record_files import Folder
from batch_fold.splits import Split
from domain.instants import Instant
from domain.refusals import ArchiveBusy, ArchiveDamaged, ArchiveDiffers
from event_log.by_customer import ByCustomer
from event_log.connections import Pool
from event_log.opening import Openings, erased_customers, keys_between
from event_log.reading import Reading
from event_log.sealing import MasterKey
from projections.archive_arranging import form
from projections.archive_checking import SplitCheck, SplitChecked, sums_of_the_log
from projections.archive_keeping import PAGE, Keeping, NewName, Writing, built, page_after
from projections.archive_manifest import Head, Keeper, Manifest, Manifests, bounds, split_of

SPLITS: Final = 16
"""A power of two."""
GLANCE: Final = 0.2
"""Seconds between two looks at whether somebody else still keeps it."""
PATIENCE: Final = 120.0
"""Seconds in which somebody else should have kept it."""

Said = Callable[[int, int], Any]
"""Told how much is done of how much."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The archive as of one moment: all that was known at ``position``, which was recorded at ``recorded_at``.

    ``splits`` hold customers in ascending order of number, one split after the other.
    """

    position: int
    recorded_at: Instant
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """``segments`` and ``bytes`` of all splits; ``head`` is where the log ends."""

    generation: int
    position: int
    head: int
    facts: int
    splits: int
    segments: int
    bytes: int
    kept_at: Instant | None
    checked_at: Instant | None
    checked_position: int | None


class Archive:
    """``new_name`` gives names that were never given before. Every method raises ``StoreAway``; no transaction is open
    while files are read or written."""

    def __init__(
        self,
        pool: Pool,
        log: Reading,
        master: MasterKey,
        folder: Folder,
        new_name: NewName,
        *,
        page: int = PAGE,
        patience: float = PATIENCE,
    ) -> None:
        self._pool = pool
        self._page = page
        self._patience = patience
        self._log = log
        self._master = master
        self._folder = folder
        self._by_customer = ByCustomer(pool, master)
        self._manifests = Manifests(pool)
        self._writing = Writing(folder, new_name)

    def keep_up(self, said: Said = lambda done, total: None) -> int:
        """Archive all that is known now; what cannot be continued is made anew. Returns the position reached.

        Somebody else who keeps it at this moment is waited for. Raises ``ArchiveBusy``.
        """
        with self._alone() as keeper:
            head = self._manifests.head()
            manifest = self._fit(head)
            if manifest is None or head.position - manifest.head.position > max(self._page, manifest.head.position):
                return self._rebuild(keeper, head, SPLITS if manifest is None else manifest.splits, said)
            try:
                return self._continue(keeper, manifest, head, said)
            except ArchiveDamaged:
                return self._rebuild(keeper, head, manifest.splits, said)

    def compact(self) -> bool:
        """Merge the segments of one split, the one most in need, and remove files that nobody reads any more.

        Returns whether another split is in need. Raises ``ArchiveBusy``, ``ArchiveDamaged``.
        """
        with self._alone() as keeper:
            keeper.tidy(self._folder)
            manifest = self._manifests.present()
            if manifest is None:
                return False
            found = {
                split: first
                for split, own in manifest.segments.items()
                if (first := due([segment.facts for segment in own])) is not None
            }
            if not found:
                return False
            split = max(found, key=lambda one: len(manifest.segments[one]))
            former = manifest.segments[split][found[split] :]
            name = f"{split:04}/{self._writing.new_name()}"
            contents = merge(self._folder, [segment.name for segment in former], name)
            merged = self._writing.written(name, split, former[0].place, contents)
            keeper.replace(manifest, former, merged)
            return len(found) > 1

    def rebuild(self, splits: int = SPLITS, said: Said = lambda done, total: None) -> int:
        """Make all of it anew beside what there is, and switch in one step. Returns the position reached.

        ``splits`` is a power of two, at most 65,536. Raises ``ArchiveBusy``.
        """
        with self._alone() as keeper:
            return self._rebuild(keeper, self._manifests.head(), splits, said)

    def check(self, said: Said = lambda done, total: None) -> Iterator[SplitChecked]:
        """Compare it with the log, split by split: files, count, hash, and how the facts are arranged.

        Raises ``ArchiveDiffers`` after the last, naming the first that differs.
        """
        manifest = self._manifests.present()
        if manifest is None:
            return
        progress = _Progress(said, manifest.head.position + sum(one.facts for one in manifest.all_segments()))
        sums = sums_of_the_log(self._manifests, manifest, progress.more)
        check = SplitCheck(self._by_customer, self._folder, progress.more)
        faults = []
        for split in range(manifest.splits):
            checked = check.checked(split, manifest.segments[split], sums[split])
            if checked.fault is not None:
                faults.append(f"Split {split}: {checked.fault}")
            yield checked
        if faults:
            raise ArchiveDiffers(faults[0])
        self._manifests.checked(manifest)

    def status(self) -> Status:
        manifest, head = self._manifests.present(), self._manifests.head().position
        if manifest is None:
            return Status(0, 0, head, 0, 0, 0, 0, None, None, None)
        segments = manifest.all_segments()
        return Status(
            manifest.generation,
            manifest.head.position,
            head,
            sum(segment.facts for segment in segments),
            manifest.splits,
            len(segments),
            sum(segment.facts_bytes + segment.sealed_bytes for segment in segments),
            manifest.kept_at,
            manifest.checked_at,
            manifest.checked_position,
        )

    def snapshot(self) -> Snapshot:
        """What there is, to be read within an hour; ``keep_up`` first for all that is known."""
        manifest = self._manifests.present()
        if manifest is None:
            return Snapshot(0, 0, ())
        erased: dict[int, set[bytes]] = {}
        for number in erased_customers(self._pool):
            erased.setdefault(split_of(number, manifest.splits), set()).add(number.bytes)
        splits = [
            Split(
                self._folder,
                tuple(segment.name for segment in own),
                sum(segment.facts for segment in own),
                frozenset(erased.get(split, ())),
                bounds(split, manifest.splits),
            )
            for split, own in sorted(manifest.segments.items())
        ]
        return Snapshot(manifest.head.position, manifest.head.recorded_at, tuple(splits))

    def open_boxes(self, split: Split) -> Openings:
        """Opens what is sealed in a split; the keys are fetched when the first box is opened."""
        return Openings(partial(keys_between, self._pool, self._master, *split.numbers))

    def keys_of(self, snapshot: Snapshot) -> "SplitKeys":
        """The same for each of its splits, fit to be sent elsewhere: then all keys are fetched, and go with it."""
        return SplitKeys({split.numbers: self.open_boxes(split) for split in snapshot.splits})

    def _fit(self, head: Head) -> Manifest | None:
        """What there is, if it can be continued: of this form and this log, no longer than it, with all its files."""
        manifest = self._manifests.present()
        if manifest is None or manifest.form != form() or manifest.head.position > head.position:
            return None
        if not self._manifests.is_of_this_log(manifest.head):
            return None
        try:
            manifest.refuse_missing(self._folder)
        except ArchiveDamaged:
            return None
        return manifest

    def _continue(self, keeper: Keeper, manifest: Manifest, head: Head, said: Said) -> int:
        keeping = Keeping(self._by_customer, self._writing)
        begin = manifest.head.position
        while page := page_after(self._log, manifest.head.position, head.position, self._page):
            added = keeping.added(manifest, page)
            reached = self._manifests.standing_at(page[-1].position)
            keeper.advance(manifest, reached, added)
            said(reached.position - begin, head.position - begin)
            manifest = self._manifests.present() or manifest
        keeper.looked_at(manifest)
        return manifest.head.position

    def _rebuild(self, keeper: Keeper, head: Head, splits: int, said: Said) -> int:
        progress = _Progress(said, head.position)
        segments = built(self._by_customer, self._writing, splits, head, progress.more)
        keeper.switch(form(), splits, head, segments)
        return head.position

    @contextmanager
    def _alone(self) -> Iterator[Keeper]:
        begun = monotonic()
        with ExitStack() as held:
            while True:
                try:
                    keeper = held.enter_context(self._manifests.alone())
                    break
                except ArchiveBusy:
                    if monotonic() - begun > self._patience:
                        raise
                sleep(GLANCE)
            yield keeper


@dataclass(frozen=True, slots=True)
class SplitKeys:
    """What opens the sealed side of each split, by the first and the last number of its customers."""

    _of: Mapping[tuple[UUID, UUID], Openings] = field(repr=False)

    def __call__(self, split: Split) -> Openings:
        return self._of[split.numbers]


class _Progress:
    def __init__(self, said: Said, total: int) -> None:
        self._said = said
        self._done = 0
        self._total = total

    def more(self, done: int) -> None:
        self._done += done
        self._said(min(self._done, self._total), self._total)
