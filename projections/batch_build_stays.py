"""Where everyone stands, and was when, from the last stretch of each: as ``projections/standing.py`` says it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec.json import encode
from numpy.typing import NDArray

from batch_fold.folds import KINDS, NEVER, NONE, TIMERS
from projections.batch_build_told import Table, Told
from projections.standing import STAGES

_RENAMED: Final = KINDS.index("renamed")
_STAGES: Final = [place for place, kind in enumerate(KINDS) if kind in STAGES]


def standing_rows(told: Told, comes: int) -> tuple[Table, list[str]]:
    """Beside the rows the texts of ``tags``: arrays as Postgres reads them. ``comes`` is when a version comes into
    force next, or ``NEVER``."""
    folds, stretches = told.folds, told.stretches
    last = np.flatnonzero(stretches.last)
    ahead = stretches.starts[last] + folds.taken[last]
    is_ahead = ahead < stretches.starts[last + 1]
    comes_ahead = np.full(len(last), NEVER)
    comes_ahead[is_ahead] = stretches.at[ahead[is_ahead]]
    tags, texts = _tags(told, last)
    return {
        "customer": stretches.customer[last],
        "stage": folds.stage[last],
        "since": np.where(folds.stage[last] >= 0, folds.since[last], NEVER),
        "staff": told.sellers.at_end()[last],
        "tags": tags,
        "next_due": np.minimum(np.minimum(folds.next_at[last], comes), comes_ahead),
    }, texts


def _tags(told: Told, whose: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Customers with the same tags share one text."""
    held, names = told.folds.tags, told.folds.names
    texts: dict[bytes, int] = {}
    arrays: list[str] = []
    places = np.empty(len(whose), np.int64)
    begins, ends = held.starts[whose].tolist(), held.starts[whose + 1].tolist()
    for place, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        own = held.tag[begin:end]
        found = texts.setdefault(own.tobytes(), len(arrays))
        if found == len(arrays):
            arrays.append(_array([names[tag] for tag in own]))
        places[place] = found
    return places, arrays


def _array(texts: Sequence[str]) -> str:
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"


def stay_rows(told: Told) -> Table:
    """``arrival`` is the step that brought her into the stage, by its place among the steps."""
    steps = told.folds.steps
    whose = told.stretch_of_steps()
    some = np.flatnonzero(np.isin(steps.kind, _STAGES) & told.stretches.last[whose])
    stretch, at = whose[some], steps.at[some]
    until = np.full(len(some), NEVER)
    goes_on = np.flatnonzero(stretch[1:] == stretch[:-1])
    until[goes_on] = at[goes_on + 1]
    arrival = some[_arrivals(stretch, steps.kind[some] == _RENAMED)]
    # Of several stages in one instant only the last was one to stand in.
    stood = np.flatnonzero((steps.target[some] >= 0) & (until != at))
    some, stretch, at, until, arrival = some[stood], stretch[stood], at[stood], until[stood], arrival[stood]
    cut, cut_at = told.sellers.between(stretch, at, until)
    stay = np.concatenate([np.arange(len(some)), cut])
    begin = np.concatenate([at, cut_at])
    order = np.lexsort((begin, stay))
    stay, begin = stay[order], begin[order]
    end = until[stay]
    goes_on = np.flatnonzero(stay[1:] == stay[:-1])
    end[goes_on] = begin[goes_on + 1]
    return {
        "customer": told.stretches.customer[stretch[stay]],
        "from_at": begin,
        "until_at": end,
        "stage": steps.target[some[stay]],
        "since": steps.at[arrival[stay]],
        "arrival": arrival[stay],
        "staff": told.sellers.at_instants(stretch[stay], begin),
    }


def _arrivals(whose: NDArray[np.int64], is_renamed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Under its new name the stage is the one that was arrived at before."""
    places = np.arange(len(whose))
    is_arrival = ~is_renamed
    is_arrival[:1] = True
    is_arrival[1:] |= whose[1:] != whose[:-1]
    return np.maximum.accumulate(np.where(is_arrival, places, 0)) if len(whose) else places


def causing_positions(told: Told, arrivals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the facts that brought somebody into a stage."""
    rows = told.rows_of(told.folds.steps.fact[np.unique(arrivals)])
    return told.batch.positions[rows[rows >= 0]]


def causes(told: Told, arrivals: NDArray[np.int64], identities: Mapping[int, tuple[str, str]]) -> list[str]:
    """What brought somebody into a stage, as ``Cause.as_json`` with the kind of the step."""
    steps, names, batch = told.folds.steps, told.folds.names, told.batch
    rows = told.rows_of(steps.fact[arrivals]).tolist()
    columns = (steps.timer, steps.rule, steps.version, steps.kind)
    made = zip(rows, *(column[arrivals].tolist() for column in columns), strict=True)
    shared: dict[tuple[int, ...], tuple[bytes, bytes]] = {}
    found = []
    for row, *of in made:
        same = shared.get(tuple(of))
        if same is None:
            same = shared[tuple(of)] = _around(tuple(of), names)
        found.append((same[0] + _fact(row, batch, identities) + same[1]).decode())
    return found


def _around(said: tuple[int, ...], names: Sequence[str]) -> tuple[bytes, bytes]:
    timer, rule, version, kind = said
    rest: dict[str, Any] = {
        "timer": TIMERS[timer] if timer != NONE else None,
        "rule": names[rule] if rule != NONE else None,
        "rulebook": version if version != NONE else None,
        "kind": KINDS[kind],
    }
    return b'{"fact":', b"," + encode(rest)[1:]


def _fact(row: int, batch: Any, identities: Mapping[int, tuple[str, str]]) -> bytes:
    if row < 0:
        return b"null"
    columns = batch.columns
    source, id = identities[int(batch.positions[row])]
    return encode({"source": source, "id": id, "type": columns.type_names[columns.types[row]]})
