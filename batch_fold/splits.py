"""A split of the archive read as one batch: its segments laid one over the other, sealed fields opened where needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from batch_fold.coding import gathered, joined
from batch_fold.columns import Batch, Columns, Needs
from batch_fold.pieces import Pieces, gone_rows, pieces
from batch_fold.record_files import Folder
from batch_fold.segments import DAMAGED, FactsFile, SealedRow, as_keys
from batch_fold.unsealing import OpenBoxes, Unsealing, sealed_of


@dataclass(frozen=True, slots=True)
class Split:
    """Some customers, by the segments that tell of them, in the order in which those were written.

    ``facts`` is about how many there are; ``erased`` has the numbers (16 bytes) of those of them whose key is gone;
    ``numbers`` are the first and the last that one of them can have.
    """

    folder: Folder
    names: tuple[str, ...]
    facts: int
    erased: frozenset[bytes] = field(default=frozenset(), repr=False)
    numbers: tuple[UUID, UUID] = (UUID(int=0), UUID(int=2**128 - 1))


def read_split(
    split: Split,
    needs: Needs,
    open_boxes: OpenBoxes | None = None,
    leave_out: Callable[[Pieces], NDArray[np.bool_]] | None = None,
) -> Batch:
    """What is needed of a split; customers in order of number, a customer whose facts are all voided with none.

    Arrays may be mapped from the file, not to be written into. ``open_boxes`` is asked only if something that is
    needed is sealed. ``leave_out`` says which customers are not asked for, nor counted. Raises ``ArchiveDamaged``, and
    ``BoxesClosed`` where boxes must be opened and nobody opens them.
    """
    if not split.names:
        return _nobody()
    files = [FactsFile(split.folder, name) for name in split.names]
    known = pieces(files)
    erased = _among(known.customers, split.erased)
    damaged = (known.marks & DAMAGED).astype(np.bool_) & ~erased
    whole = known
    gone = gone_rows(files)
    left_out = erased | damaged
    if leave_out is not None:
        left_out = left_out | leave_out(known)
    if len(files) > 1 or gone.any() or left_out.any():
        whole = known.keeping(~gathered([gone], known.rows), ~left_out)
    unsealing = Unsealing(split.folder, split.names, files, whole, needs)
    unopened = unsealing.open(open_boxes)
    batch = _batch(files, whole, unsealing, int(erased.sum()), int(damaged.sum()))
    return _without(batch, unopened) if unopened else batch


def sealed_parts(split: Split, batch: Batch, rows: NDArray[np.int64]) -> list[SealedRow]:
    """What is stored of these rows, which ascend, of a batch that was read of this split. Raises ``ArchiveDamaged``."""
    files = [FactsFile(split.folder, name) for name in split.names]
    return sealed_of(split.folder, split.names, files, rows if batch.stored is None else batch.stored[rows])


def _batch(files: Sequence[FactsFile], whole: Pieces, unsealing: Unsealing, erased: int, damaged: int) -> Batch:
    columns = Columns(
        whole.starts,
        gathered([file.at() for file in files], whole.rows),
        unsealing.types.codes,
        unsealing.types.texts,
        unsealing.fields(),
        unsealing.attributes(),
    )
    positions = gathered([file.positions() for file in files], whole.rows)
    recorded_at = gathered([file.recorded_at() for file in files], whole.rows)
    return Batch(columns, as_keys(whole.customers), positions, recorded_at, erased, damaged, whole.rows)


def _without(batch: Batch, unopened: set[int]) -> Batch:
    """Less the customers (by place) something of whom did not open: they are damaged."""
    columns = batch.columns
    customers = np.ones(columns.customers, np.bool_)
    customers[list(unopened)] = False
    counts = np.diff(columns.starts)
    rows = np.flatnonzero(np.repeat(customers, counts))
    left = Columns(
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[customers], dtype=np.int64)]),
        columns.at[rows],
        columns.types[rows],
        columns.type_names,
        {name: joined([one], [columns.facts], rows) for name, one in columns.fields.items()},
        {name: joined([one], [columns.facts], rows) for name, one in columns.attributes.items()},
    )
    keys = as_keys(batch.customers[customers])
    damaged = batch.damaged + len(unopened)
    stored = rows if batch.stored is None else batch.stored[rows]
    return Batch(left, keys, batch.positions[rows], batch.recorded_at[rows], batch.erased, damaged, stored)


def _among(customers: NDArray[Any], chosen: frozenset[bytes]) -> NDArray[np.bool_]:
    if not chosen:
        return np.zeros(len(customers), np.bool_)
    return np.isin(customers, np.array(sorted(chosen), customers.dtype))


def _nobody() -> Batch:
    none = np.empty(0, np.int64)
    columns = Columns(np.zeros(1, np.int64), none, none.astype(np.int32), (), {}, {})
    return Batch(columns, np.empty(0, "V16"), none, none)
