"""The facts that do something by themselves: a profile, a tag or a stage set by hand, a card that was worked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import ABSENT, NULL, SEALED, Columns, Field
from batch_fold.compiled import compiled_alone, fixed
from batch_fold.conditions_table import WORD
from batch_fold.dictionary import Places
from batch_fold.examining import Question, bits_of, keep_what_holds
from batch_fold.program import Program
from domain.instants import duration
from domain.refusals import NotADuration

PROFILE: Final = 0
TAG_ADDED: Final = 1
TAG_REMOVED: Final = 2
STAGE_SET: Final = 3
WORKED: Final = 4
"""``opportunity.done`` and ``opportunity.skipped``."""
NO_HOLD: Final = -1

_KINDS: Final = {
    "profile.changed": PROFILE,
    "tag.added": TAG_ADDED,
    "tag.removed": TAG_REMOVED,
    "stage.set": STAGE_SET,
    "opportunity.done": WORKED,
    "opportunity.skipped": WORKED,
}
_NONE: Final = -1
_MALFORMED: Final = -2


@dataclass(frozen=True, slots=True)
class Acts:
    """In the order of the batch; malformed ones have no effect and no row.

    ``name`` is the place in ``Masks.names`` of the tag, of the stage as it is named in the fact, or of the rule's id;
    ``hold`` (microseconds) is that of a stage set by hand or ``NO_HOLD``. ``sets``, ``verdict`` (uint64, acts x words)
    have a bit for each attribute predicate of the program: whether a profile names the attribute, and what holds then.
    """

    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    hold: NDArray[np.int64]
    sets: NDArray[np.uint64]
    verdict: NDArray[np.uint64]


def acts_of(columns: Columns, program: Program) -> tuple[NDArray[np.int64], Acts, Sequence[str]]:
    """The rows of the facts that act, what they do, and all names: the program's, then other tags set by hand."""
    acting = _Acting(columns, program)
    for kind, look in (
        (PROFILE, acting.profiles),
        (TAG_ADDED, acting.tags),
        (TAG_REMOVED, acting.tags),
        (STAGE_SET, acting.stages),
        (WORKED, acting.worked),
    ):
        found = np.flatnonzero(acting.kind == kind)
        if len(found):
            look(found)
    return acting.finished()


class _Acting:
    """``rows`` are the facts whose type may act; what is found out of them stands in arrays beside it."""

    def __init__(self, columns: Columns, program: Program) -> None:
        kinds = np.array([_KINDS.get(name, _NONE) for name in columns.type_names], np.int8)
        self.rows = _rows_of(columns.types, kinds >= 0)
        self.kind = kinds[columns.types[self.rows]]
        self._columns, self._program = columns, program
        self._names = Places({name: place for place, name in enumerate(program.names)})
        self._known = dict(self._names)
        count, words = len(self.rows), -(-len(program.attributes) // WORD)
        self._acts = np.ones(count, np.bool_)
        self._name = np.full(count, _NONE, np.int32)
        self._hold = np.full(count, NO_HOLD, np.int64)
        self._sets = np.zeros((count, words), np.uint64)
        self._verdict = np.zeros((count, words), np.uint64)

    def finished(self) -> tuple[NDArray[np.int64], Acts, Sequence[str]]:
        acts = np.flatnonzero(self._acts)
        found = Acts(self.kind[acts], self._name[acts], self._hold[acts], self._sets[acts], self._verdict[acts])
        return self.rows[acts], found, tuple(self._names)

    def profiles(self, found: NDArray[np.int64]) -> None:
        questions: dict[str, list[Question]] = {}
        for bit, (name, predicate) in enumerate(self._program.attributes):
            questions.setdefault(name, []).append((bit, predicate))
        rows = self.rows[found]
        said = {name: _at(field, rows) for name, field in self._columns.attributes.items() if name in questions}
        sets = np.zeros((len(rows), self._sets.shape[1]), np.uint64)
        for name, field in said.items():
            sets[field.codes != ABSENT] |= bits_of((bit for bit, _ in questions[name]), sets.shape[1])
        verdict = sets.copy()
        for name, field in said.items():
            keep_what_holds(verdict, name, field, questions[name])
        self._sets[found], self._verdict[found] = sets, verdict
        self._acts[found] = sets.any(axis=1)

    def tags(self, found: NDArray[np.int64]) -> None:
        names = self._names
        self._name[found] = self._looked_up("tag", found, lambda tag: names[tag] if tag else _NONE)
        self._acts[found] = self._name[found] != _NONE

    def stages(self, found: NDArray[np.int64]) -> None:
        self._name[found] = self._looked_up("stage", found, lambda stage: self._known.get(stage, _NONE))
        self._hold[found] = self._looked_up("hold", found, _length, absent=NO_HOLD, otherwise=_MALFORMED)
        self._acts[found] = self._is_here(found) & (self._name[found] != _NONE) & (self._hold[found] != _MALFORMED)

    def worked(self, found: NDArray[np.int64]) -> None:
        self._name[found] = self._looked_up("rule", found, lambda rule: self._known.get(rule, _NONE))
        self._acts[found] = self._is_here(found) & (self._name[found] != _NONE)

    def _is_here(self, found: NDArray[np.int64]) -> NDArray[np.bool_]:
        journeys = self._looked_up("journey", found, lambda journey: int(journey == self._program.journey))
        return np.equal(journeys, 1)

    def _looked_up(
        self, name: str, found: NDArray[np.int64], of: Callable[[str], int], absent: int = _NONE, otherwise: int = _NONE
    ) -> NDArray[np.int64]:
        """What ``of`` says of each text, asked once a text; ``otherwise`` is of other values."""
        field = self._columns.fields.get(name)
        if field is None:
            return np.full(len(found), absent, np.int64)
        codes = field.codes[self.rows[found]]
        occurs = np.zeros(len(field.texts) - NULL, np.bool_)
        occurs[codes] = True
        if occurs[SEALED]:
            raise ValueError(f"The field {name} of a fact that acts by it is sealed.")
        answers = np.full(len(occurs), otherwise, np.int64)
        answers[ABSENT] = absent
        for place in np.flatnonzero(occurs[: len(field.texts)]).tolist():
            answers[place] = of(field.texts[place])
        return answers[codes]


def _rows_of(types: NDArray[np.int32], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows = np.empty(len(types) + 1, np.int64)
    return rows[: _list_rows(rows, fixed(types, np.int32), fixed(wanted, np.bool_))].copy()


@compiled_alone
def _list_rows(rows: NDArray[np.int64], types: NDArray[np.int32], wanted: NDArray[np.bool_]) -> int:
    """Returns how many; the place after the last is overwritten."""
    count = 0
    for row in range(len(types)):
        rows[count] = row
        count += wanted[types[row]]
    return count


def _at(field: Field, rows: NDArray[np.int64]) -> Field:
    return Field(field.codes[rows], field.texts, None if field.numbers is None else field.numbers[rows])


def _length(hold: str) -> int:
    try:
        return duration(hold)
    except NotADuration:
        return _MALFORMED
