"""Where the facts of a backtest come from: parts of all customers, each read as columns."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from batch_fold.columns import Batch, Needs
from batch_fold.gathered import columns_of
from batch_fold.splits import Split, read_split
from batch_fold.unsealing import OpenBoxes
from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import LATEST, Instant


@dataclass(frozen=True, slots=True)
class Known:
    """What the history holds: all that stood in the log up to a position, recorded by ``at``."""

    position: int
    at: Instant


class History(Protocol):
    """Picklable. No customer is in two parts; ``known`` is ``None`` of what is not from the log."""

    @property
    def parts(self) -> int: ...

    @property
    def known(self) -> Known | None: ...

    def read(self, part: int, needs: Needs) -> Batch: ...


class FileHistory:
    """Facts in memory, each once, in the order of their lines; the position of a fact is its place among them."""

    def __init__(self, facts: Sequence[Fact], parts: int = 1) -> None:
        self.facts = tuple(facts)
        self.parts = parts
        self.known: Known | None = None
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, fact in enumerate(self.facts):
            self._places[fact.customer].append(place)
        self._customers = sorted(self._places)

    def read(self, part: int, needs: Needs) -> Batch:
        begin, end = (len(self._customers) * bound // self.parts for bound in (part, part + 1))
        names = self._customers[begin:end]
        histories, positions = [], []
        for name in names:
            places = {self.facts[place].key: place for place in self._places[name]}
            histories.append(in_fold_order((self.facts[place] for place in self._places[name]), LATEST))
            positions += [places[fact.key] for fact in histories[-1]]
        recorded = [_recorded(fact) for history in histories for fact in history]
        customers = np.empty(len(names), object)
        customers[:] = names
        return Batch(
            columns_of(histories, needs), customers, np.array(positions, np.int64), np.array(recorded, np.int64)
        )


@dataclass(frozen=True, slots=True)
class ArchivedHistory:
    """A snapshot of the archive. ``open_boxes`` gives what opens the sealed rows of a split; it is picklable too."""

    splits: tuple[Split, ...]
    known: Known | None
    open_boxes: Callable[[Split], OpenBoxes] | None = None

    @property
    def parts(self) -> int:
        """At least one, of which nobody is in: an archive may be empty."""
        return max(len(self.splits), 1)

    def read(self, part: int, needs: Needs) -> Batch:
        if not self.splits:
            return Batch(columns_of([], needs), np.empty(0, "V16"), np.empty(0, np.int64), np.empty(0, np.int64))
        split = self.splits[part]
        return read_split(split, needs, self.open_boxes(split) if self.open_boxes is not None else None)


def _recorded(fact: Fact) -> Instant:
    return fact.recorded_at if fact.recorded_at is not None else fact.occurred_at
