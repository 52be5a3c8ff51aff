"""Opportunities of stretches as rows: the spells of every belief (``domain/journey/spells.py``), all at once.

What a later belief of a stretch adds lies after everything the earlier ones tell of. So the spells of its last belief
are those of all of them, but for their ends: before a spell was believed to be over, it was believed to be open.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batch_fold.folds import KINDS, NEVER, NONE, TIMERS
from domain.instants import instant
from domain.refusals import NotAnInstant
from projections.batch_build_changing import Changing, changing
from projections.batch_build_told import SNOOZED, Table, Told, text_codes

_OPENED: Final = KINDS.index("opened")
_CLOSED: Final = KINDS.index("closed")


def card_rows(told: Told) -> Table:
    """``ended_by`` is the place of a type of fact, or behind all of them that of the kind of a timer."""
    openings = _openings(told)
    judged = _judged(told)
    snoozed = _snoozed(told, openings)
    opening, begin, end = _spells(told, openings, judged, snoozed)
    stretch = openings.stretch[opening]
    is_last = end == openings.end[opening]
    told_of_begin = told.stretches.believed_from(stretch, begin)
    told_of_end = np.full(len(end), NEVER)
    has_end = end != NEVER
    told_of_end[has_end] = told.stretches.believed_from(stretch[has_end], end[has_end])
    same = {
        "customer": told.stretches.customer[stretch],
        "rule": openings.rule[opening],
        "opened_at": openings.at[opening],
        "from_at": begin,
        "staff": told.sellers.at_instants(stretch, begin),
        "rulebook": judged.at_instants(stretch, begin),
        "hidden_until": snoozed.at_instants(opening, begin, before=NEVER),
    }
    over = told.over[stretch]
    as_open = {
        **same,
        "until_at": np.full(len(end), NEVER),
        "ended_by": np.full(len(end), NONE),
        "believed_from": told_of_begin,
        "believed_until": np.where(has_end, told_of_end, over),
    }
    as_ended = {
        **same,
        "until_at": end,
        "ended_by": np.where(is_last, openings.ended_by[opening], NONE),
        "believed_from": told_of_end,
        "believed_until": over,
    }
    was_open = ~has_end | (told_of_begin < told_of_end)
    return {name: np.concatenate([as_open[name][was_open], as_ended[name][has_end]]) for name in as_open}


@dataclass(frozen=True, slots=True)
class _Openings:
    """``end`` is ``NEVER`` while it is open."""

    stretch: NDArray[np.int64]
    rule: NDArray[Any]
    at: NDArray[np.int64]
    end: NDArray[np.int64]
    ended_by: NDArray[np.int64]


def _openings(told: Told) -> _Openings:
    """What opened and closed at one instant was never open."""
    steps = told.folds.steps
    some = np.flatnonzero((steps.kind == _OPENED) | (steps.kind == _CLOSED))
    stretch = told.stretch_of_steps()[some]
    # The sort is stable: of one card each opening stands before its closing.
    order = np.lexsort((steps.name[some], stretch))
    some, stretch = some[order], stretch[order]
    opened = np.flatnonzero(steps.kind[some] == _OPENED)
    following = np.minimum(opened + 1, max(0, len(some) - 1))
    is_closed = steps.kind[some[following]] == _CLOSED if len(opened) else np.zeros(0, np.bool_)
    closing = some[following]
    end = np.where(is_closed, steps.at[closing], NEVER)
    rows = told.rows_of(steps.fact[closing])
    types = told.batch.columns
    timer = steps.timer[closing] + len(types.type_names)
    by = np.where(rows >= 0, types.types[rows], timer) if len(rows) else rows
    kept = steps.at[some[opened]] < end
    first = some[opened][kept]
    return _Openings(
        stretch[opened][kept], steps.name[first], steps.at[first], end[kept], np.where(is_closed, by, NONE)[kept]
    )


def enders(type_names: Any) -> list[str]:
    """The texts of ``ended_by``."""
    return [*type_names, *TIMERS]


def _judged(told: Told) -> Changing:
    judged = told.folds.judged
    whose = np.repeat(np.arange(len(told.stretches)), np.diff(judged.starts))
    return changing(len(told.stretches), whose, judged.at, judged.version.astype(np.int64))


def _spells(
    told: Told, openings: _Openings, judged: Changing, snoozed: Changing
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The opening, beginning and end of each: cut where seller, judging version or snooze changed."""
    every = np.arange(len(openings.at))
    cuts = [
        told.sellers.between(openings.stretch, openings.at, openings.end),
        judged.between(openings.stretch, openings.at, openings.end),
        snoozed.between(every, openings.at, openings.end),
    ]
    opening = np.concatenate([every, *(place for place, _ in cuts)])
    begin = np.concatenate([openings.at, *(at for _, at in cuts)])
    order = np.lexsort((begin, opening))
    opening, begin = opening[order], begin[order]
    is_new = np.ones(len(opening), np.bool_)
    is_new[1:] = (opening[1:] != opening[:-1]) | (begin[1:] != begin[:-1])
    opening, begin = opening[is_new], begin[is_new]
    end = openings.end[opening]
    goes_on = np.flatnonzero(opening[1:] == opening[:-1])
    end[goes_on] = begin[goes_on + 1]
    return opening, begin, end


def _snoozed(told: Told, openings: _Openings) -> Changing:
    """Until when each opening was hidden, from when on."""
    rows, stretch = told.facts.of_type(SNOOZED)
    fields, names = told.batch.columns.fields, told.folds.names
    journey = text_codes(fields.get("journey"), rows, {told.journey: 0})
    rule = text_codes(fields.get("rule"), rows, {name: place for place, name in enumerate(names)})
    until = _instants(told, rows)
    meant = (journey == 0) & (rule >= 0) & (until != NEVER)
    at = told.batch.columns.at[rows]
    card = stretch * len(names) + rule
    order = np.flatnonzero(meant)[np.argsort(card[meant], kind="stable")]
    wanted = openings.stretch * len(names) + openings.rule
    first, end = (np.searchsorted(card[order], wanted, side=side) for side in ("left", "right"))
    counts = end - first
    opening = np.repeat(np.arange(len(wanted)), counts)
    which = order[np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(len(opening))]
    since = at[which] >= openings.at[opening]
    return changing(len(wanted), opening[since], at[which][since], until[which][since])


def _instants(told: Told, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    field = told.batch.columns.fields.get("until")
    if field is None:
        return np.full(len(rows), NEVER)
    table = np.array([*map(_instant, field.texts), NEVER], np.int64)
    codes = field.codes[rows]
    return table[np.where(codes >= 0, codes, -1)]


def _instant(text: str) -> int:
    try:
        return instant(text)
    except NotAnInstant:
        return NEVER
