"""Predicates examined column-wise: a field's values fall into classes, and a predicate is asked once a class."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from batch_fold.columns import ABSENT, FALSE, NULL, NUMBER, OTHER, SEALED, TRUE, Field
from batch_fold.compiled import compiled_alone, fixed
from batch_fold.conditions_table import words_of
from domain.rulebook.conditions import Predicate, Scalar

_BY_NUMBER: Final = -1
_SINGLES: Final[Mapping[int, Any]] = {ABSENT: None, TRUE: True, FALSE: False, OTHER: [], SEALED: None, NULL: None}


class Examined(Protocol):
    def holds(self, value: Any) -> bool: ...


Question = tuple[int, Examined]
"""A bit, and one of the predicates that must hold for it."""


def keep_what_holds(words: NDArray[np.uint64], name: str, field: Field, questions: Sequence[Question]) -> None:
    """Clears in each row (of a fact) the bits for which the field's value is not as asked; other bits stay.

    Where no bit is set that is asked for, the value does not matter. Raises ``ValueError`` if one that does is sealed:
    whoever made the columns had to open it.
    """
    asked = bits_of((bit for bit, _ in questions), words.shape[1])
    sealed = np.flatnonzero(field.codes == SEALED)
    if (words[sealed] & asked).any():
        raise ValueError(f"The field {name} is sealed, and a predicate asks for it.")
    classes = _classes(field, questions, words.shape[1])
    codes = fixed(field.codes, np.int32)
    for word in np.flatnonzero(asked).tolist():
        kept = np.ascontiguousarray(classes.kept[:, word])
        if field.numbers is None:
            _keep(words[:, word], codes, classes.of, kept)
        else:
            _keep_numbers(words[:, word], codes, fixed(field.numbers, np.float64), classes.of, classes.bounds, kept)


def bits_of(bits: Iterable[int], words: int) -> NDArray[np.uint64]:
    return np.array(words_of(bits, words), np.int64).view(np.uint64)


@dataclass(frozen=True, slots=True)
class _Classes:
    """``of`` (int32) has the class of each code, those of no text counted from the end.

    Numbers lie between ``bounds`` (ascending, the last is infinite): what is below the first is of class 0, the first
    itself of class 1, what lies between it and the next of class 2 ... ``kept`` (uint64, classes x words) has the bits
    that stay.
    """

    of: NDArray[np.int32]
    bounds: NDArray[np.float64]
    kept: NDArray[np.uint64]


def _classes(field: Field, questions: Sequence[Question], words: int) -> _Classes:
    predicates = [predicate for _, predicate in questions]
    constants = [constant for predicate in predicates for constant in _constants(predicate)]
    bounds = sorted({float(constant) for constant in constants if _is_number(constant)})
    members: list[Any] = _numbers_between(bounds)
    places = np.empty(len(field.texts) - NULL, np.int32)
    places[: len(field.texts)] = _classes_of_texts(field.texts, predicates, constants, members)
    places[NUMBER] = _BY_NUMBER
    for code, value in _SINGLES.items():
        places[code] = len(members)
        members.append(value)
    kept = np.full((len(members), words), ~np.uint64(0))
    for place, member in enumerate(members):
        kept[place] &= ~bits_of((bit for bit, predicate in questions if not predicate.holds(member)), words)
    return _Classes(places, np.array([*bounds, np.inf]), kept)


def _classes_of_texts(
    texts: Sequence[str], predicates: Sequence[Examined], constants: Sequence[Scalar], members: list[Any]
) -> list[int]:
    """Texts are told apart by where they lie among the constants, and by what is contained in them."""
    bounds = sorted({constant for constant in constants if isinstance(constant, str)})
    others = [predicate for predicate in predicates if not isinstance(predicate, Predicate)]
    found: dict[tuple[Any, ...], int] = {}
    places = []
    for text in texts:
        below = bisect_left(bounds, text)
        is_bound = below < len(bounds) and bounds[below] == text
        alike = (below, is_bound, *(predicate.holds(text) for predicate in others))
        if alike not in found:
            found[alike] = len(members)
            members.append(text)
        places.append(found[alike])
    return places


def _constants(predicate: Examined) -> list[Scalar]:
    if not isinstance(predicate, Predicate):
        return []
    given = (*(predicate.one_of or ()), predicate.gte, predicate.lte)
    return [constant for constant in given if constant is not None]


def _is_number(constant: Scalar) -> bool:
    return isinstance(constant, int | float) and not isinstance(constant, bool)


def _numbers_between(bounds: Sequence[float]) -> list[float]:
    """One number of each class."""
    if not bounds:
        return [0.0]
    found = [float(np.nextafter(bounds[0], -np.inf))]
    for bound in bounds:
        found += [bound, float(np.nextafter(bound, np.inf))]
    return found


@compiled_alone
def _keep(words: NDArray[np.uint64], codes: NDArray[np.int32], of: NDArray[np.int32], kept: NDArray[np.uint64]) -> None:
    for row in range(len(words)):
        words[row] &= kept[of[codes[row]]]


@compiled_alone
def _keep_numbers(
    words: NDArray[np.uint64],
    codes: NDArray[np.int32],
    numbers: NDArray[np.float64],
    of: NDArray[np.int32],
    bounds: NDArray[np.float64],
    kept: NDArray[np.uint64],
) -> None:
    """Every value is classified as a number and otherwise, whichever it is: a branch would cost more."""
    for row in range(len(words)):
        number = numbers[row]
        below, among = 0, len(bounds) - 1
        while among > 16:
            half = among // 2
            below += half if bounds[below + half] < number else 0
            among -= half
        first = below
        for place in range(first, first + among):
            below += bounds[place] < number
        is_bound = bounds[below] == number
        found = of[codes[row]]
        words[row] &= kept[2 * below + is_bound if found == -1 else found]
