"""Several segments of a split written as one that tells the same; what a later one has anew is left out."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from batch_fold.coding import gathered, joined
from batch_fold.columns import Batch, Columns, Field
from batch_fold.pieces import Pieces, gone_rows, offsets, pieces
from batch_fold.record_files import Folder
from batch_fold.segments import (
    TOGETHER,
    Contents,
    FactsFile,
    SealedFile,
    as_keys,
    sealed_written,
    write_contents,
)

MOST: Final = 8
"""Segments after the first, before some of them are merged."""
SHARE: Final = 4
"""All are merged when those after the first have one fact for so many in it."""


def due(facts: Sequence[int]) -> int | None:
    """From which of a split's segments on, of so many facts each, they should be merged into one; ``None``: not now.

    Small ones are merged among themselves, so that a fact is written again a few times, and not at every keeping.
    """
    if len(facts) > 1 and sum(facts[1:]) * SHARE > facts[0]:
        return 0
    if len(facts) <= MOST + 1:
        return None
    first, total = len(facts) - 1, facts[-1]
    while first > 1 and (len(facts) - first < MOST // 2 or facts[first - 1] <= 2 * total):
        first -= 1
        total += facts[first]
    return first


def merge(folder: Folder, names: Sequence[str], into: str) -> Contents:
    """Write the segments, given in the order they were written, as one. Raises ``ArchiveDamaged``."""
    together = Together(folder, names)
    write_contents(folder, into, together.contents)
    with sealed_written(folder, into) as writing:
        for begin in range(0, together.rows, TOGETHER):
            writing.add_batch(together.sealed(begin, min(begin + TOGETHER, together.rows)))
    return together.contents


class Together:
    """All that some segments of a split say, laid one over the other, what no reader gets included."""

    def __init__(self, folder: Folder, names: Sequence[str]) -> None:
        """``names`` in the order in which they were written. Raises ``ArchiveDamaged``."""
        files = [FactsFile(folder, name) for name in names]
        self._sealed = [SealedFile(folder, name) for name in names]
        self._before = offsets(files)
        whole = pieces(files)
        self._which = whole.which()
        self.rows = len(self._which)
        self.contents = _contents(files, whole)

    def sealed(self, begin: int, end: int) -> Any:
        """The sealed side of some rows, as a batch."""
        some = self._which[begin:end]
        file_of = np.searchsorted(self._before, some, side="right") - 1
        parts = [one.batch(some[file_of == number] - self._before[number]) for number, one in enumerate(self._sealed)]
        (batch,) = pa.Table.from_batches(parts).combine_chunks().to_batches()
        # The parts stand one after the other: back into the order of the rows.
        return batch.take(pa.array(np.argsort(np.argsort(file_of, kind="stable"), kind="stable")))


def joined_contents(parts: Sequence[Contents]) -> Contents:
    """Contents of customers after customers, as one."""
    if len(parts) == 1:
        return parts[0]
    columns = [part.batch.columns for part in parts]
    rows = [one.facts for one in columns]
    before = np.cumsum([0, *rows])
    types = joined([Field(one.types, one.type_names) for one in columns], rows, None)
    names = sorted({name for one in columns for name in one.fields})
    starts = [one.starts[1:] + begin for one, begin in zip(columns, before, strict=False)]
    batch = Batch(
        Columns(
            gathered([np.zeros(1, np.int64), *starts], None),
            gathered([one.at for one in columns], None),
            types.codes,
            types.texts,
            {name: joined([one.fields.get(name) for one in columns], rows, None) for name in names},
            {},
        ),
        gathered([part.batch.customers for part in parts], None),
        gathered([part.batch.positions for part in parts], None),
        gathered([part.batch.recorded_at for part in parts], None),
    )
    return Contents(
        batch,
        gathered([part.marks for part in parts], None),
        gathered([part.last for part in parts], None),
        gathered([part.gone + begin for part, begin in zip(parts, before, strict=False)], None),
    )


def _contents(files: Sequence[FactsFile], whole: Pieces) -> Contents:
    rows = [file.rows for file in files]
    types = joined([file.types() for file in files], rows, whole.rows)
    names = sorted({name for file in files for name in file.fields()})
    columns = Columns(
        whole.starts,
        gathered([file.at() for file in files], whole.rows),
        types.codes,
        types.texts,
        {name: joined([file.field(name) for file in files], rows, whole.rows) for name in names},
        {},
    )
    positions = gathered([file.positions() for file in files], whole.rows)
    recorded_at = gathered([file.recorded_at() for file in files], whole.rows)
    gone = np.flatnonzero(gathered([gone_rows(files)], whole.rows))
    return Contents(Batch(columns, as_keys(whole.customers), positions, recorded_at), whole.marks, whole.last, gone)
