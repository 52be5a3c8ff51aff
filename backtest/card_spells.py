"""When opportunities were open, whose they were and whether they were hidden, as columns.

The meaning is that of ``domain.journey.spells`` and of ``domain.journey.day_list``; tests hold them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.local_days import days_at
from backtest.plan import ASSIGNING, SNOOZED, Plan, kinds_of_cards
from batch_fold.columns import Batch, Columns, Field
from batch_fold.compiled import compiled_alone
from batch_fold.folds import KINDS, NEVER, Folds
from domain.instants import instant
from domain.refusals import NotAnInstant

OPENED: Final = KINDS.index("opened")
CLOSED: Final = KINDS.index("closed")

_Changes = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""By customer (starts), in order of time: from when on, and a number."""


@dataclass(frozen=True, slots=True)
class Spells:
    """By customer, those of one rule in order of time. ``kind`` is a place in ``plan.kinds`` or -1, ``staff`` one in
    the texts of the batch or -1.

    Open in ``[since, until)``, ``NEVER`` while it lasts; on the list of the days from ``first`` to ``last``, of which
    there may be none: one that ends before the first day, that is snoozed, or that another spell of the rule follows.
    """

    starts: NDArray[np.int64]
    kind: NDArray[np.int64]
    staff: NDArray[np.int64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a batch says beside its folds: whose each customer was, what was snoozed (rule, until when), and when the
    outcome occurred that is asked for."""

    staff: Sequence[str]
    sellers: _Changes
    outcomes: tuple[NDArray[np.int64], NDArray[np.int64]]
    snoozes: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def surroundings(plan: Plan, batch: Batch) -> Surroundings:
    columns = batch.columns
    staff = columns.fields.get("staff")
    return Surroundings(
        staff.texts if staff is not None else (),
        _sellers(columns, staff),
        _outcomes(plan, columns),
        _snoozes(plan, columns),
    )


def spells_of(plan: Plan, run: int, folds: Folds, around: Surroundings) -> Spells:
    steps, judged, days = folds.steps, folds.judged, plan.days
    numbers, kinds = kinds_of_cards(plan, run)
    starts, rule, version, staff, since, until, hidden = _spells(
        (steps.starts, steps.at, steps.kind, steps.name),
        (judged.starts, judged.at, judged.version),
        around.sellers,
        around.snoozes,
        OPENED,
        CLOSED,
        NEVER,
        plan.question.until,
    )
    begin, end = days.starts[0], plan.question.until
    first = days_at(days, np.maximum(since, begin))
    last = days_at(days, np.minimum(until - 1, end))
    # One that ended before the first day is on none.
    last[until <= begin] = -1
    _leave_to_next(starts, rule, first, last)
    # Snoozed past the last instant of a day at which it was open, it is hidden on that day.
    first = np.maximum(first, days_at(days, np.maximum(hidden, begin)))
    last[hidden > np.minimum(until - 1, end)] = -1
    kind = kinds[np.searchsorted(numbers, version), rule]
    return Spells(starts, kind, staff, since, until, first, last)


def rows_of(columns: Columns, *types: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of the facts of some types, and where each customer's begin among them."""
    meant = np.array([name in types for name in columns.type_names], np.bool_)
    rows = np.flatnonzero(meant[columns.types]) if meant.any() else np.empty(0, np.int64)
    return rows, np.searchsorted(rows, columns.starts)


def _outcomes(plan: Plan, columns: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, starts = rows_of(columns, plan.question.outcome.type) if plan.question.outcome else rows_of(columns)
    return starts, columns.at[rows]


def _sellers(columns: Columns, staff: Field | None) -> _Changes:
    """The staff of the last assignment, else of the last contact; no assignment is made to the empty name."""
    rows, starts = rows_of(columns, *ASSIGNING)
    if staff is None:
        return np.zeros(columns.customers + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    assigned = np.array([name == ASSIGNING[0] for name in columns.type_names], np.bool_)[columns.types[rows]]
    code = staff.codes[rows].astype(np.int64)
    empty = next((place for place, text in enumerate(staff.texts) if not text), len(staff.texts))
    return starts, columns.at[rows], _whose(starts, assigned, code, empty)


def _snoozes(
    plan: Plan, columns: Columns
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    rows, starts = rows_of(columns, SNOOZED)
    rules = {name: place for place, name in enumerate(plan.program.names)}
    journey = _read(columns, "journey", rows, lambda text: int(text == plan.question.journey))
    rule = _read(columns, "rule", rows, lambda text: rules.get(text, -1))
    until = _read(columns, "until", rows, _instant)
    unfit = (journey != 1) | (until == NEVER)
    return starts, columns.at[rows], np.where(unfit, -1, rule), until


def _read(columns: Columns, name: str, rows: NDArray[np.int64], meant: Any) -> NDArray[np.int64]:
    """What the texts of a field mean, each read once; what is no text means what an empty one does."""
    field = columns.fields.get(name)
    codes = field.codes[rows] if field is not None else np.full(len(rows), -1)
    used, places = np.unique(codes, return_inverse=True)
    texts = [field.texts[code] if field is not None and code >= 0 else "" for code in used]
    return np.array([meant(text) for text in texts], np.int64)[places]


def _instant(text: str) -> int:
    try:
        return instant(text)
    except NotAnInstant:
        return NEVER


@compiled_alone
def _whose(
    starts: NDArray[np.int64], assigned: NDArray[np.bool_], code: NDArray[np.int64], empty: int
) -> NDArray[np.int64]:
    found = np.empty(len(code), np.int64)
    for customer in range(len(starts) - 1):
        assigned_to, added_by = -1, -1
        for place in range(starts[customer], starts[customer + 1]):
            if code[place] >= 0:
                if assigned[place]:
                    assigned_to = code[place]
                else:
                    added_by = code[place]
            found[place] = assigned_to if assigned_to >= 0 and assigned_to != empty else added_by
    return found


@compiled_alone
def _spells(
    steps: Any, judged: Any, sellers: Any, snoozes: Any, opened_kind: int, closed_kind: int, never: int, end: int
) -> Any:
    """Starts, and rule, version, staff, since, until and hidden until when (or the least number) of each spell."""
    step_starts, step_at, step_kind, step_name = steps
    starts = np.zeros(len(step_starts), np.int64)
    rows, used = np.empty((1024, 6), np.int64), 0
    for customer in range(len(step_starts) - 1):
        for step in range(step_starts[customer], step_starts[customer + 1]):
            if step_kind[step] != opened_kind:
                continue
            rule, opened, closed = step_name[step], step_at[step], never
            for later in range(step + 1, step_starts[customer + 1]):
                if step_kind[later] == closed_kind and step_name[later] == rule:
                    closed = step_at[later]
                    break
            since = opened
            while since < closed and since <= end:
                if used == len(rows):
                    rows = np.concatenate((rows, np.empty_like(rows)))
                until = _cut(rows[used], customer, rule, opened, since, closed, judged, sellers, snoozes, never)
                used += 1
                since = until
        starts[customer + 1] = used
    found = rows[:used].T.copy()
    return starts, found[0], found[1], found[2], found[3], found[4], found[5]


@compiled_alone
def _cut(
    row: NDArray[np.int64],
    customer: int,
    rule: int,
    opened: int,
    since: int,
    closed: int,
    judged: Any,
    sellers: Any,
    snoozes: Any,
    never: int,
) -> int:
    """Fills the row of a spell with what holds at its beginning, and returns its end, at which that changes."""
    version, staff, hidden, until = -1, -1, -never, closed
    starts, at, number = judged
    for place in range(starts[customer], starts[customer + 1]):
        if at[place] <= since:
            version = number[place]
        else:
            until = min(until, at[place])
    starts, at, seller = sellers
    for place in range(starts[customer], starts[customer + 1]):
        if at[place] <= since:
            staff = seller[place]
        else:
            until = min(until, at[place])
    starts, at, snoozed, snoozed_until = snoozes
    for place in range(starts[customer], starts[customer + 1]):
        if snoozed[place] == rule and at[place] >= opened:
            if at[place] <= since:
                hidden = snoozed_until[place]
            else:
                until = min(until, at[place])
    row[0], row[1], row[2], row[3], row[4], row[5] = rule, version, staff, since, until, hidden
    return until


@compiled_alone
def _leave_to_next(
    starts: NDArray[np.int64], rule: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> None:
    """A day that two spells of a rule fall into is that of the later."""
    for customer in range(len(starts) - 1):
        for spell in range(starts[customer], starts[customer + 1]):
            if first[spell] <= last[spell]:
                before = spell - 1
                while before >= starts[customer] and rule[before] != rule[spell]:
                    before -= 1
                if before >= starts[customer]:
                    last[before] = min(last[before], first[spell] - 1)
