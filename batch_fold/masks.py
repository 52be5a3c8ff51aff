"""`where` predicates as bit masks: each examined column-wise, once for all rulebooks of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch_fold.acts import Acts, acts_of
from batch_fold.columns import NUMBER, Columns
from batch_fold.compiled import compiled_alone, fixed
from batch_fold.conditions_table import WORD
from batch_fold.examining import Question, bits_of, keep_what_holds
from batch_fold.program import Program
from domain.rulebook.conditions import Matcher, millionths


@dataclass(frozen=True, slots=True)
class Masks:
    """``words`` (uint64, facts x words): bit b of a row says whether the fact is meant by atom b of the program.

    ``amounts`` (int64, fields x facts) are the summed fields in millionths, 0 where they are no number. ``act`` (int32)
    is 0, or 1 + the row in ``acts``. ``names`` are those of the program, then the tags by hand that no rule names.
    """

    words: NDArray[np.uint64]
    amounts: NDArray[np.int64]
    act: NDArray[np.int32]
    acts: Acts
    names: Sequence[str]


def masks_of(columns: Columns, program: Program) -> Masks:
    """``columns`` must have what the program needs. Raises ``ValueError`` where that is still sealed."""
    rows, acts, names = acts_of(columns, program)
    act = np.zeros(columns.facts, np.int32)
    act[rows] = np.arange(1, len(rows) + 1, dtype=np.int32)
    return Masks(_words(columns, program.atoms), _amounts(columns, program.amounts), act, acts, names)


def _words(columns: Columns, atoms: Sequence[Matcher]) -> NDArray[np.uint64]:
    questions = _questions(atoms)
    count = -(-len(atoms) // WORD)
    by_type = _by_type(columns.type_names, atoms, count)
    for name in questions.keys() - columns.fields.keys():
        failing = (bit for bit, predicate in questions[name] if not predicate.holds(None))
        by_type &= ~bits_of(failing, count)
    words = np.empty((columns.facts, count), np.uint64)
    for word in range(count):
        _put_types(words[:, word], fixed(columns.types, np.int32), np.ascontiguousarray(by_type[:, word]))
    for name, asked in questions.items():
        if name in columns.fields:
            keep_what_holds(words, name, columns.fields[name], asked)
    return words


def _questions(atoms: Sequence[Matcher]) -> Mapping[str, list[Question]]:
    """What is asked of each field, and for which atoms."""
    questions: dict[str, list[Question]] = {}
    for bit, atom in enumerate(atoms):
        for name, predicate in atom.where:
            questions.setdefault(name, []).append((bit, predicate))
        if atom.summed is not None:
            questions.setdefault(atom.summed, []).append((bit, _CanBeSummed()))
    return questions


class _CanBeSummed:
    def holds(self, value: Any) -> bool:
        return millionths(value) is not None


def _by_type(type_names: Sequence[str], atoms: Sequence[Matcher], words: int) -> NDArray[np.uint64]:
    """For each type the atoms that may mean its facts."""
    table = np.zeros((len(type_names), words), np.uint64)
    for place, name in enumerate(type_names):
        table[place] = bits_of(
            (bit for bit, atom in enumerate(atoms) if atom.types is None or name in atom.types), words
        )
    return table


@compiled_alone
def _put_types(words: NDArray[np.uint64], types: NDArray[np.int32], by_type: NDArray[np.uint64]) -> None:
    for row in range(len(types)):
        words[row] = by_type[types[row]]


def _amounts(columns: Columns, summed: Sequence[str]) -> NDArray[np.int64]:
    amounts = np.empty((len(summed), columns.facts), np.int64)
    for place, name in enumerate(summed):
        field = columns.fields.get(name)
        if field is None or field.numbers is None:
            amounts[place] = 0
        else:
            _put_millionths(amounts[place], fixed(field.codes == NUMBER, np.bool_), fixed(field.numbers, np.float64))
    return amounts


@compiled_alone
def _put_millionths(amounts: NDArray[np.int64], are_numbers: NDArray[np.bool_], numbers: NDArray[np.float64]) -> None:
    """``domain.rulebook.conditions.millionths`` of numbers below 10^12 in amount."""
    for row in range(len(amounts)):
        number = numbers[row]
        if not are_numbers[row]:
            amounts[row] = 0
        elif number == np.rint(number):
            amounts[row] = np.int64(number) * 1_000_000
        else:
            amounts[row] = np.int64(np.rint(number * 1_000_000))
