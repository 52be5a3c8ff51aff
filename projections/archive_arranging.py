"""Customers' entries as a segment says them: in fold order, public fields as columns, all else sealed as it was."""

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import numpy as np
from msgspec import DecodeError
from msgspec.json import decode
from numpy.typing import NDArray

from batch_fold.coding import Coding, from_lengths
from batch_fold.columns import SEALED, Batch, Columns
from batch_fold.segments import ANEW, DAMAGED, VOIDS, Contents, SealedRow
from domain.facts import PUBLIC_FIELDS, Fact
from domain.history import in_fold_order
from domain.instants import LATEST
from domain.refusals import EntryDamaged
from event_log.by_customer import History
from event_log.entry import FACT, Entry
from event_log.state import NEWEST, SealedFact, open_fact

VOID: Final = "fact.voided"
_NOTHING: Final[frozenset[str]] = frozenset()

_BOX, _OPEN, _END = b'{"box":"', b'","open":', b',"v":1}'


def form() -> str:
    """What files say and how: another one where the layout, the meaning of a state or the public fields are others."""
    public = sorted((type, sorted(names)) for type, names in PUBLIC_FIELDS.items())
    return f"1 {sha256(repr((NEWEST[FACT], public)).encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Arranged:
    """The two files of a segment, ``sealed`` row for row."""

    contents: Contents
    sealed: Sequence[SealedRow]


@dataclass(frozen=True, slots=True)
class _Row:
    """``open`` is the public part, ``data`` all of it; ``None`` where nothing could be opened."""

    entry: Entry
    sealed: SealedRow
    open: Mapping[str, Any]
    data: Mapping[str, Any] | None
    gone: bool


def arranged(histories: Sequence[History], anew: Container[UUID] | None = None) -> Arranged:
    """Customers in order of number, each with all of her entries or (not ``anew``; ``None``: all are) the newest."""
    rows: list[_Row] = []
    lengths, marks, last = [], [], []
    for history in histories:
        own, mark = _rows(history)
        rows += own
        lengths.append(len(own))
        marks.append(mark | (ANEW if anew is None or history.number in anew else 0))
        last.append(max(row.entry.occurred_at for row in own))
    numbers = b"".join(history.number.bytes for history in histories)
    batch = Batch(
        _columns(rows, from_lengths(lengths)),
        np.frombuffer(numbers, "V16"),
        np.array([row.entry.position for row in rows], np.int64),
        np.array([row.entry.recorded_at for row in rows], np.int64),
    )
    gone = np.array([place for place, row in enumerate(rows) if row.gone], np.int64)
    return Arranged(
        Contents(batch, np.array(marks, np.uint8), np.array(last, np.int64), gone), [row.sealed for row in rows]
    )


def state_of(row: SealedRow) -> bytes:
    """The state as it stands in the log."""
    return row.open if row.box is None else _BOX + b2a_base64(row.box, newline=False) + _OPEN + row.open + _END


def _rows(history: History) -> tuple[list[_Row], int]:
    """A customer's rows in fold order, and her marks but ``ANEW``."""
    entries = {entry.position: entry for entry in history.entries}
    try:
        if isinstance(history.key, EntryDamaged):
            raise history.key
        facts = [open_fact(entry, history.key) for entry in history.entries]
    except EntryDamaged:
        return [_row(entry, None) for entry in sorted(history.entries, key=_as_recorded)], DAMAGED
    known = [fact for fact in facts if isinstance(fact, Fact)]
    if not known:
        return [_row(entries[fact.position or 0], fact.data) for fact in sorted(facts, key=_as_happened)], 0
    known.sort(key=_order)
    if not any(fact.type == VOID for fact in known):
        return [_row(entries[fact.position or 0], fact.data) for fact in known], 0
    kept = {fact.position for fact in in_fold_order(known, LATEST)}
    return [_row(entries[fact.position or 0], fact.data, fact.position not in kept) for fact in known], VOIDS


def _row(entry: Entry, data: Mapping[str, Any] | None, gone: bool = False) -> _Row:
    return _Row(entry, *_taken_apart(entry), data, gone)


def _columns(rows: Sequence[_Row], starts: NDArray[np.int64]) -> Columns:
    fields: dict[str, Coding] = {}

    def coding(name: str) -> Coding:
        return fields.get(name) or fields.setdefault(name, Coding(len(rows)))

    for place, row in enumerate(rows):
        public = PUBLIC_FIELDS.get(row.entry.fact_type)
        if not public or row.data is None:
            continue
        for name, value in row.open.items():
            if value is not None and name in public:
                coding(name).put(place, value)
        for name in public - row.open.keys() if len(row.open) < len(row.data) else ():
            if row.data.get(name) is not None:
                coding(name).code(place, SEALED)
    types: dict[str, int] = {}
    codes = [types.setdefault(row.entry.fact_type, len(types)) for row in rows]
    at = np.array([row.entry.occurred_at for row in rows], np.int64)
    coded = {name: one.field() for name, one in sorted(fields.items())}
    return Columns(starts, at, np.array(codes, np.int32), list(types), coded, {})


def _taken_apart(entry: Entry) -> tuple[SealedRow, Mapping[str, Any]]:
    """An entry's sealed side, and its public part; only where it can be put together again to the very same bytes."""
    state, version, event = entry.state, entry.originator_version, entry.event_id.bytes
    end = state.find(b'"', len(_BOX))
    try:
        found = SealedRow(version, event, state[end + len(_OPEN) : -len(_END)], a2b_base64(state[len(_BOX) : end]))
        if state_of(found) == state:
            return found, decode(found.open)
    except (NotBase64, DecodeError):
        pass
    return SealedRow(version, event, state, None), {}


def _order(fact: Fact) -> Any:
    return fact.order


def _as_happened(fact: Fact | SealedFact) -> tuple[int, int]:
    return fact.occurred_at, fact.position or 0


def _as_recorded(entry: Entry) -> tuple[int, int]:
    return entry.occurred_at, entry.position
