"""Steps of stretches as rows of the trail."""

import numpy as np
from numpy.typing import NDArray

from batch_fold.folds import NONE, Steps
from projections.batch_build_told import Table, Told


def trail_rows(told: Told) -> Table:
    """``cause_position`` is ``NONE`` for a timer; ``name`` that of a tag or of an opportunity."""
    steps, stretches = told.folds.steps, told.stretches
    whose = told.stretch_of_steps()
    places = np.arange(len(whose))
    begins = _begins(whose, steps.at)
    rows = told.rows_of(steps.fact)
    return {
        "customer": stretches.customer[whose],
        "at": steps.at,
        "again": _again(steps, begins),
        "place": places - begins,
        "kind": steps.kind,
        "origin": steps.origin,
        "target": steps.target,
        "name": steps.name,
        "cause_position": np.where(rows >= 0, told.batch.positions[rows], NONE) if len(rows) else rows,
        "timer": steps.timer,
        "rule": steps.rule,
        "rulebook": steps.version,
        "believed_from": stretches.believed_from(whose, steps.at),
        "believed_until": told.over[whose],
    }


def _begins(whose: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each step the first one of its instant."""
    is_first = np.ones(len(at), np.bool_)
    is_first[1:] = (whose[1:] != whose[:-1]) | (at[1:] != at[:-1])
    firsts = np.flatnonzero(is_first)
    return np.repeat(firsts, np.diff([*firsts, len(at)]))


def _again(steps: Steps, begins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which repetition of the same step within its belief each is (``domain/journey/trail.py``)."""
    again = np.zeros(len(begins), np.int64)
    several = np.zeros(len(begins), np.bool_)
    several[1:] = begins[1:] == begins[:-1]
    several[:-1] |= several[1:]
    some = np.flatnonzero(several)
    said = np.stack(
        [begins[some], *(column[some] for column in (steps.kind, steps.origin, steps.target, steps.name, steps.rule))]
    )
    # The sort is stable: repetitions stay in the order in which they were made.
    order = np.lexsort(said[::-1])
    is_other = np.ones(len(some), np.bool_)
    is_other[1:] = (said[:, order[1:]] != said[:, order[:-1]]).any(axis=0)
    firsts = np.flatnonzero(is_other)
    again[some[order]] = np.arange(len(some)) - np.repeat(firsts, np.diff([*firsts, len(some)]))
    return again
