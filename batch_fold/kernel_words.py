"""Sets of atoms as words of 64 bits."""

from typing import Any, Final

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from batch_fold.compiled import inlined
from batch_fold.kernel_state import INT64, Fold
from batch_fold.rows import row

_trailing_zeros: Any = trailing_zeros

FIRST_WORD: Final[Any] = np.int64(0)


@inlined
def first_bit(word: int) -> Any:
    """The number of the lowest bit that is set; ``word & (word - 1)`` is without it."""
    return _trailing_zeros(word)


@inlined
def common(fold: Fold, fact: int, mask: int, word: int) -> Any:
    """Of one word, the atoms of a mask that mean a fact."""
    said = row(fold.words, fact * fold.words_a_fact + word, INT64).value
    return said & row(fold.masks, mask * fold.words_a_mask + word, INT64).value


@inlined
def concerns(fold: Fold, fact: int, mask: int) -> bool:
    """Whether a fact is meant by any atom of a mask."""
    if fold.words_a_mask == 1:
        return bool(common(fold, fact, mask, FIRST_WORD) != 0)
    for word in range(fold.words_a_mask):  # noqa: SIM110 (numba has no any() over a generator)
        if common(fold, fact, mask, word) != 0:
            return True
    return False


@inlined
def is_set(words: int, place: int) -> bool:
    """Whether a bit is set; ``words`` is the address of the first word."""
    return bool((row(words, place >> 6, INT64).value >> (place & 63)) & 1 != 0)
