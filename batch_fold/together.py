"""Batches put together and taken apart."""

from collections.abc import Iterator, Sequence

import numpy as np

from batch_fold.coding import from_lengths, joined
from batch_fold.columns import Batch, Columns, Field


def together(batches: Sequence[Batch]) -> Batch:
    """The customers of all batches, at least one, in one. Where its facts are stored it does not say."""
    if len(batches) == 1:
        return batches[0]
    all_columns = [batch.columns for batch in batches]
    facts = [columns.facts for columns in all_columns]
    types = joined([Field(columns.types, columns.type_names) for columns in all_columns], facts, None)
    columns = Columns(
        from_lengths(np.concatenate([np.diff(columns.starts) for columns in all_columns])),
        np.concatenate([columns.at for columns in all_columns]),
        types.codes,
        types.texts,
        {
            name: joined([columns.fields.get(name) for columns in all_columns], facts, None)
            for name in sorted({name for columns in all_columns for name in columns.fields})
        },
        {
            name: joined([columns.attributes.get(name) for columns in all_columns], facts, None)
            for name in sorted({name for columns in all_columns for name in columns.attributes})
        },
    )
    return Batch(
        columns,
        np.concatenate([batch.customers for batch in batches]),
        np.concatenate([batch.positions for batch in batches]),
        np.concatenate([batch.recorded_at for batch in batches]),
        sum(batch.erased for batch in batches),
        sum(batch.damaged for batch in batches),
    )


def parts(batch: Batch, facts: int) -> Iterator[Batch]:
    """The customers of a batch in parts of about so many facts."""
    starts = batch.columns.starts
    begin = 0
    while begin < batch.columns.customers:
        end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + facts, side="right")) - 1)
        yield batch if end - begin == batch.columns.customers else _part(batch, begin, end)
        begin = end


def _part(batch: Batch, begin: int, end: int) -> Batch:
    columns = batch.columns
    rows = slice(int(columns.starts[begin]), int(columns.starts[end]))
    own = Columns(
        columns.starts[begin : end + 1] - columns.starts[begin],
        columns.at[rows],
        columns.types[rows],
        columns.type_names,
        {name: _cut(field, rows) for name, field in columns.fields.items()},
        {name: _cut(field, rows) for name, field in columns.attributes.items()},
    )
    return Batch(own, batch.customers[begin:end], batch.positions[rows], batch.recorded_at[rows])


def _cut(field: Field, rows: slice) -> Field:
    return Field(field.codes[rows], field.texts, None if field.numbers is None else field.numbers[rows])
