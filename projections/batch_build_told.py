"""Stretches of beliefs with their folds, and what of their facts the rows need beside: sellers and snoozes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import Batch, Field, Needs
from batch_fold.folds import NEVER, Folds
from batch_fold.stretches import Stretches
from projections.batch_build_changing import Changing, changing

ASSIGNED: Final = "staff.assigned"
ADDED: Final = "contact.added"
SNOOZED: Final = "opportunity.snoozed"

NEEDED: Final = Needs(
    {
        "staff": frozenset({ASSIGNED, ADDED}),
        **dict.fromkeys(("journey", "rule", "until"), frozenset({SNOOZED})),
    },
    frozenset(),
)
"""What is looked at here, beside what the rulebooks look at."""

Table = Mapping[str, NDArray[Any]]
"""Columns of rows by name, all numbers: texts by their places in a list, ``NONE`` or ``NEVER`` for nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that were taken of each of many, hers together and in fold order: ``rows`` of a batch."""

    batch: Batch
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    taken: NDArray[np.int64]

    def of_type(self, *names: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows (of the batch) of these types, with whose they are."""
        columns = self.batch.columns
        asked = np.array([name in names for name in columns.type_names], np.bool_)
        if not asked.any():
            return np.empty(0, np.int64), np.empty(0, np.int64)
        places = np.flatnonzero(asked[columns.types[self.rows]])
        whose = np.searchsorted(self.starts, places, side="right") - 1
        is_taken = places < self.starts[whose] + self.taken[whose]
        return self.rows[places[is_taken]], whose[is_taken]

    def sellers(self) -> Changing:
        """Whose each was (``domain/journey/seller.py``): places in the texts of the field ``staff``."""
        rows, whose = self.of_type(ASSIGNED, ADDED)
        columns = self.batch.columns
        staff = columns.fields.get("staff")
        codes = np.full(len(rows), -1) if staff is None else staff.codes[rows]
        by_assigning = np.array([name == ASSIGNED for name in columns.type_names], np.bool_)[columns.types[rows]]
        assigned = _last_said(whose, codes, by_assigning)
        added = _last_said(whose, codes, ~by_assigning)
        nobody = [place for place, text in enumerate(staff.texts if staff is not None else ()) if not text]
        value = np.where((assigned >= 0) & ~np.isin(assigned, nobody), assigned, added)
        return changing(len(self.starts) - 1, whose, columns.at[rows], value)


@dataclass(frozen=True, slots=True)
class Told:
    """Some stretches of one journey, folded; ``facts`` are those each fold took."""

    journey: str
    batch: Batch
    stretches: Stretches
    folds: Folds
    facts: Facts = field(init=False)
    sellers: Changing = field(init=False)

    def __post_init__(self) -> None:
        facts = Facts(self.batch, self.stretches.starts, self.stretches.rows, self.folds.taken)
        object.__setattr__(self, "facts", facts)
        object.__setattr__(self, "sellers", facts.sellers())

    @property
    def over(self) -> NDArray[np.int64]:
        """When what a stretch said was believed no more, unless the next says it too; ``NEVER`` of the last."""
        return np.where(self.stretches.last, NEVER, self.stretches.until + 1)

    def stretch_of_steps(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.stretches)), np.diff(self.folds.steps.starts))

    def rows_of(self, facts: NDArray[np.int32]) -> NDArray[np.int64]:
        """The rows of the batch of facts in causes; -1: a timer's."""
        there = facts >= 0
        found = np.full(len(facts), -1, np.int64)
        found[there] = self.stretches.rows[facts[there]]
        return found


def text_codes(field: Field | None, rows: NDArray[np.int64], places: Mapping[str, int]) -> NDArray[np.int64]:
    """A field's texts at some rows by their places in another list; -1: no text, or none of those."""
    if field is None:
        return np.full(len(rows), -1, np.int64)
    table = np.array([*(places.get(text, -1) for text in field.texts), -1], np.int64)
    codes = field.codes[rows]
    return table[np.where(codes >= 0, codes, -1)]


def _last_said(whose: NDArray[np.int64], codes: NDArray[Any], is_meant: NDArray[np.bool_]) -> NDArray[np.int64]:
    """At each row the last code of a text so far, of hers and of rows that are meant; -1 before the first."""
    places = np.arange(len(whose))
    first = np.searchsorted(whose, whose)
    last = np.maximum.accumulate(np.where(is_meant & (codes >= 0), places, -1)) if len(whose) else places
    return np.where(last >= first, codes[last], -1).astype(np.int64)
