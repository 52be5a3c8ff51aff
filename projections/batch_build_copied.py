"""Columns of numbers as what Postgres copies: texts by name, absent ones null, in the order of ``batch_build.sql``."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from numpy.typing import NDArray

from batch_fold.columns import Batch
from batch_fold.folds import KINDS, NEVER, TIMERS
from projections.batch_build_cards import enders
from projections.batch_build_told import Table

_TAGS: Final = [place for place, kind in enumerate(KINDS) if kind.startswith("tag_")]
_CARDS: Final = [KINDS.index("opened"), KINDS.index("closed")]


class Copied:
    """The rows of one batch and journey; each method gives what is copied into one table."""

    def __init__(self, batch: Batch, journey: str, names: Sequence[str]) -> None:
        self._journey = journey
        self._names = names
        self._customers = _numbers(batch)
        self._types = batch.columns.type_names
        staff = batch.columns.fields.get("staff")
        self._staff = () if staff is None else staff.texts

    def standing(self, rows: Table, tags: Sequence[str]) -> bytes:
        return self._copied(
            rows,
            _text(rows["stage"], self._names),
            _instant(rows["since"]),
            _text(rows["staff"], self._staff),
            _text(rows["tags"], tags),
            _instant(rows["next_due"]),
        )

    def stays(self, rows: Table, causes: Sequence[str]) -> bytes:
        return self._copied(
            rows,
            _instant(rows["from_at"]),
            _instant(rows["until_at"]),
            _text(rows["stage"], self._names),
            _instant(rows["since"]),
            pa.array(causes, pa.string()),
            _text(rows["staff"], self._staff),
        )

    def trail(self, rows: Table) -> bytes:
        kind, name = rows["kind"], rows["name"]
        return self._copied(
            rows,
            _instant(rows["at"]),
            pa.array(rows["again"]),
            pa.array(rows["place"]),
            _text(kind, KINDS),
            _text(rows["origin"], self._names),
            _text(rows["target"], self._names),
            _text(np.where(np.isin(kind, _TAGS), name, -1), self._names),
            _text(np.where(np.isin(kind, _CARDS), name, -1), self._names),
            _number(rows["cause_position"]),
            _text(rows["timer"], TIMERS),
            _text(rows["rule"], self._names),
            _number(rows["rulebook"]),
            _instant(rows["believed_from"]),
            _instant(rows["believed_until"]),
        )

    def opportunities(self, rows: Table) -> bytes:
        return self._copied(
            rows,
            _text(rows["rule"], self._names),
            _instant(rows["opened_at"]),
            _instant(rows["from_at"]),
            _instant(rows["until_at"]),
            _text(rows["ended_by"], enders(self._types)),
            _text(rows["staff"], self._staff),
            _number(rows["rulebook"]),
            _instant(rows["hidden_until"]),
            _instant(rows["believed_from"]),
            _instant(rows["believed_until"]),
        )

    def _copied(self, rows: Table, *columns: Any) -> bytes:
        count = len(rows["customer"])
        journey = _text(np.zeros(count, np.int64), [self._journey])
        return _csv([journey, self._customers.take(pa.array(rows["customer"])), *columns])


def copied_sellers(batch: Batch, staff: NDArray[np.int64]) -> bytes:
    """Who is nobody's has no row."""
    field = batch.columns.fields.get("staff")
    sold = np.flatnonzero(staff >= 0)
    texts = () if field is None else field.texts
    return _csv([_numbers(batch).take(pa.array(sold)), _text(staff[sold], texts)])


def _csv(columns: Sequence[Any]) -> bytes:
    """Texts in quotes, null without."""
    sink = pa.BufferOutputStream()
    table = pa.Table.from_arrays(columns, [str(place) for place in range(len(columns))])
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, batch_size=65_536))
    return bytes(sink.getvalue())


def _numbers(batch: Batch) -> Any:
    """Of each customer, as 32 hexadecimal digits."""
    digits = np.ascontiguousarray(batch.customers).tobytes().hex()
    return pa.array([digits[begin : begin + 32] for begin in range(0, len(digits), 32)], pa.string())


def _text(codes: NDArray[Any], texts: Sequence[str]) -> Any:
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(texts), pa.string())).dictionary_decode()


def _number(numbers: NDArray[Any]) -> Any:
    return pa.array(numbers, mask=numbers < 0)


def _instant(instants: NDArray[np.int64]) -> Any:
    return pa.array(instants, mask=instants == NEVER)
