"""Facts of many customers as columns: what masks are made of, and what the compiled fold reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ABSENT: Final = -1
"""The fact does not have the field, or it is null."""
NUMBER: Final = -2
TRUE: Final = -3
FALSE: Final = -4
OTHER: Final = -5
"""A list or an object: it exists, and compares with nothing."""
SEALED: Final = -6
"""It is in the box of the fact, which nobody has opened yet; no mask may be made of it."""
NULL: Final = -7
"""Of attributes only: named, and unset."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of ``data`` (or one attribute), a value a fact.

    ``codes`` (int32) is the place of a text in ``texts``, or one of the codes above; ``numbers`` (float64, exact: JSON
    numbers of at most 15 digits) counts where the code is ``NUMBER`` and is ``None`` if it is so nowhere.
    """

    codes: NDArray[np.int32]
    texts: Sequence[str]
    numbers: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of many customers: hers stand together and in fold order, and voided ones are left out.

    ``starts`` (int64, customers + 1) says where each customer's facts begin; ``at`` (int64, microseconds) when they
    occurred; ``types`` (int32) the place of their type in ``type_names``. ``fields`` by the name of a field of ``data``
    has at least those that were asked for; a name that is missing is absent everywhere. ``attributes`` by name has what
    each ``profile.changed`` says of it: ``ABSENT`` says nothing, ``NULL`` unsets.
    """

    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    types: NDArray[np.int32]
    type_names: Sequence[str]
    fields: Mapping[str, Field]
    attributes: Mapping[str, Field]

    @property
    def customers(self) -> int:
        return len(self.starts) - 1

    @property
    def facts(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Needs:
    """What some rulebooks look at. ``fields``: by name of a field of ``data``, of which types (``None`` = of all)."""

    fields: Mapping[str, frozenset[str] | None]
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some customers with all their facts: a split of the archive, or a file.

    ``customers`` has a key for each, in the order of ``columns.starts`` (of the archive the customer's number as 16
    bytes, dtype ``V16``; of a file her name, dtype ``object``). ``positions`` and ``recorded_at`` (int64, a fact each)
    are those of the log; of a file the place of the line, and its ``recordedat``. ``stored`` (int64, a fact each) says
    where among the rows of a split each fact stands; ``None``: just so, or this is no split. ``erased`` and ``damaged``
    count the customers who are left out because their key is gone, or because what is stored of them cannot be opened.
    """

    columns: Columns
    customers: NDArray[np.void] | NDArray[np.object_]
    positions: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    erased: int = 0
    damaged: int = 0
    stored: NDArray[np.int64] | None = None
