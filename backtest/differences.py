"""Who differs: the first step that one run has and the other has not, and where everyone stands in the end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from backtest.counted import counted
from backtest.on_journey import ever_on
from backtest.plan import Plan, stage_places
from batch_fold.columns import Batch
from batch_fold.compiled import compiled_alone
from batch_fold.folds import KINDS, NONE, TIMERS, Folds

SIDES: Final = ("published", "candidate")
TEXTS: Final = ("kind", "rule", "timer", "origin", "target", "tag", "opportunity")
"""What a row says of a step in texts; beside them ``at``, ``version`` and ``fact``, the causing fact's position."""

_OF_TAGS = (KINDS.index("tag_added"), KINDS.index("tag_removed"))
_OF_CARDS = (KINDS.index("opened"), KINDS.index("closed"))
_COMPARED = ("at", "kind", "fact", "timer", "rule", "origin", "target", "name")
"""All that makes a step but the number of the version that judged."""

_Codes = NDArray[np.int64]
"""Places in a list of texts, ``NONE`` for no text."""


class First(NamedTuple):
    """What made the first step that differs, and which run has it."""

    side: str
    kind: str
    rule: str | None
    timer: str | None
    origin: str | None
    target: str | None
    tag: str | None
    opportunity: str | None


@dataclass(frozen=True, slots=True)
class Differences:
    """``flow``: (published x candidate) stages at the end, off the journey last. ``rows``: one each who differs."""

    elsewhere: int
    flow: NDArray[np.int64]
    first: Counter[First]
    rows: pa.Table

    def plus(self, other: "Differences") -> "Differences":
        return Differences(
            self.elsewhere + other.elsewhere,
            self.flow + other.flow,
            self.first + other.first,
            pa.concat_tables([self.rows, other.rows]),
        )


def flow(plan: Plan, published: Folds, candidate: Folds) -> NDArray[np.int64]:
    """(Published x candidate) stages at the end of those who were ever on the journey under either."""
    place, stages = stage_places(plan), plan.off + 1
    known = ever_on(published, candidate)
    ways = place[published.stage[known]] * stages + place[candidate.stage[known]]
    return np.bincount(ways, minlength=stages * stages).reshape(stages, stages).astype(np.int64)


def first_differing(published: Folds, candidate: Folds) -> NDArray[np.int64]:
    """The place, among a customer's steps in either run, of the first that differs; -1 where all are the same."""
    one, other = published.steps, candidate.steps
    return _first_differing(
        one.starts,
        other.starts,
        tuple(getattr(one, name) for name in _COMPARED),
        tuple(getattr(other, name) for name in _COMPARED),
    )


def differences(plan: Plan, batch: Batch, published: Folds, candidate: Folds) -> Differences:
    first = first_differing(published, candidate)
    who = np.flatnonzero(first >= 0)
    steps = tuple(_steps(folds, who, first[who], batch) for folds in (published, candidate))
    ways = flow(plan, published, candidate)
    return Differences(
        elsewhere=int(ways.sum() - np.trace(ways)),
        flow=ways,
        first=_counted(steps, published.names),
        rows=_table(batch, who, (published, candidate), steps),
    )


def in_order(rows: pa.Table) -> pa.Table:
    """In order of the first instant that differs, then of the customer; each list of texts in order and without what
    is not used, so that nothing tells how the customers were parted."""
    at = pc.min_element_wise(rows["published_at"], rows["candidate_at"])
    keys = pa.table({"at": at, "customer": rows["customer"]})
    order = pc.sort_indices(keys, sort_keys=[("at", "ascending"), ("customer", "ascending")])
    ordered = rows.unify_dictionaries().combine_chunks().take(order)
    columns = {name: _canonical(ordered[name].combine_chunks()) for name in ordered.column_names}
    return pa.table(columns)


def _canonical(column: Any) -> Any:
    if not pa.types.is_dictionary(column.type):
        return column
    codes = column.indices.fill_null(NONE).to_numpy() + 1
    seen = np.zeros(len(column.dictionary) + 1, np.bool_)
    seen[codes] = True
    used = np.flatnonzero(seen[1:])
    texts = column.dictionary.take(pa.array(used)).to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.full(len(seen), NONE, np.int32)
    place[used[order] + 1] = np.arange(len(order))
    return _texts(place[codes], [texts[one] for one in order])


def _dense(codes: _Codes) -> tuple[_Codes, _Codes]:
    """The codes by their place among those that occur, and these, ascending."""
    seen = np.zeros(codes.max(initial=NONE) + 2, np.bool_)
    seen[codes + 1] = True
    return (np.cumsum(seen) - 1)[codes + 1], np.flatnonzero(seen) - 1


def _texts(codes: NDArray[Any], texts: Sequence[str]) -> Any:
    places = pa.array(codes.astype(np.int32, copy=False), pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string()))


@compiled_alone
def _first_differing(
    one_starts: NDArray[np.int64], other_starts: NDArray[np.int64], one: Any, other: Any
) -> NDArray[np.int64]:
    (at, kind, fact, timer, rule, origin, target, name) = one
    (at_, kind_, fact_, timer_, rule_, origin_, target_, name_) = other
    found = np.full(len(one_starts) - 1, -1, np.int64)
    for customer in range(len(found)):
        i, j = one_starts[customer], other_starts[customer]
        end, end_ = one_starts[customer + 1], other_starts[customer + 1]
        begin = i
        while (
            i < end
            and j < end_
            and at[i] == at_[j]
            and kind[i] == kind_[j]
            and fact[i] == fact_[j]
            and timer[i] == timer_[j]
            and rule[i] == rule_[j]
            and origin[i] == origin_[j]
            and target[i] == target_[j]
            and name[i] == name_[j]
        ):
            i += 1
            j += 1
        if i < end or j < end_:
            found[customer] = i - begin
    return found


@dataclass(frozen=True, slots=True)
class _Steps:
    """One a customer who differs, where this side has one: ``there``. Numbers, ``NONE`` where there is none."""

    there: NDArray[np.bool_]
    at: _Codes
    version: _Codes
    fact: _Codes
    texts: Mapping[str, _Codes]


def _steps(folds: Folds, who: NDArray[np.intp], first: NDArray[np.int64], batch: Batch) -> _Steps:
    steps = folds.steps
    rows = steps.starts[who] + first
    there = rows < steps.starts[who + 1]

    def taken(values: NDArray[Any]) -> _Codes:
        found = np.full(len(rows), NONE, np.int64)
        found[there] = values[rows[there]]
        return found

    kind, name, fact = taken(steps.kind), taken(steps.name), taken(steps.fact)
    position = np.full(len(rows), NONE, np.int64)
    position[fact >= 0] = batch.positions[fact[fact >= 0]]
    texts = {name: taken(getattr(steps, name)) for name in ("rule", "timer", "origin", "target")}
    texts |= {"kind": kind, "tag": np.where(np.isin(kind, _OF_TAGS), name, NONE)}
    texts["opportunity"] = np.where(np.isin(kind, _OF_CARDS), name, NONE)
    return _Steps(there, taken(steps.at), taken(steps.version), position, texts)


def _counted(steps: Sequence[_Steps], names: Sequence[str]) -> Counter[First]:
    """The side whose step comes first in time; at one instant the candidate's."""
    published, candidate = steps
    earlier = published.there & (~candidate.there | (published.at < candidate.at))
    found: Counter[First] = Counter()
    for side, one, theirs in ((SIDES[0], published, earlier), (SIDES[1], candidate, ~earlier)):
        keys, lists = np.zeros(int(theirs.sum()), np.int64), []
        for name in TEXTS:
            # What occurs of each is little, so that all of them together make one number.
            dense, used = _dense(one.texts[name][theirs])
            keys = keys * max(len(used), 1) + dense
            lists.append(_named(name, used, names))
        for key, times in zip(*counted(keys), strict=True):
            places = np.unravel_index(int(key), [len(texts) for texts in lists])
            found[First(side, *(texts[place] for texts, place in zip(lists, places, strict=True)))] = int(times)
    return found


def _named(what: str, codes: _Codes, names: Sequence[str]) -> list[Any]:
    texts = _lists(names)[what]
    return [texts[code] if code >= 0 else None for code in codes]


def _lists(names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {**dict.fromkeys(TEXTS, names), "kind": KINDS, "timer": TIMERS}


def _table(batch: Batch, who: NDArray[np.intp], runs: Sequence[Folds], steps: Sequence[_Steps]) -> pa.Table:
    columns: dict[str, Any] = {"customer": _keys(batch.customers[who])}
    for side, folds in zip(SIDES, runs, strict=True):
        columns[f"{side}_stage"] = _texts(folds.stage[who], folds.names)
        columns[f"{side}_since"] = pa.array(folds.since[who], pa.int64(), mask=folds.stage[who] < 0)
    for side, one, folds in zip(SIDES, steps, runs, strict=True):
        columns[f"{side}_at"] = pa.array(one.at, pa.int64(), mask=~one.there)
        columns[f"{side}_version"] = pa.array(one.version, pa.int64(), mask=one.version < 0)
        columns[f"{side}_fact"] = pa.array(one.fact, pa.int64(), mask=one.fact < 0)
        lists = _lists(folds.names)
        columns |= {f"{side}_{name}": _texts(codes, lists[name]) for name, codes in one.texts.items()}
    return pa.table(columns)


def _keys(customers: NDArray[Any]) -> Any:
    """Numbers of 16 bytes, or names."""
    if customers.dtype == object:
        return pa.array(list(customers), pa.string())
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(customers), [None, pa.py_buffer(np.ascontiguousarray(customers).tobytes())]
    )
