"""`where` predicates as bit masks: each examined column-wise, once for all rulebooks of a set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PROFILE: Final = 0
TAG_ADDED: Final = 1
TAG_REMOVED: Final = 2
STAGE_SET: Final = 3
WORKED: Final = 4
"""``opportunity.done`` and ``opportunity.skipped``."""
NO_HOLD: Final = -1


@dataclass(frozen=True, slots=True)
class Acts:
    """The facts that do something by themselves, in the order of the batch; malformed ones have no effect and no row.

    ``name`` is the place in ``Masks.names`` of the tag, of the stage as it is named in the fact, or of the rule's id;
    ``hold`` (microseconds) is that of a stage set by hand or ``NO_HOLD``. ``sets``, ``verdict`` (uint64, acts x words)
    have a bit for each attribute predicate of the program: whether a profile names the attribute, and what holds then.
    """

    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    hold: NDArray[np.int64]
    sets: NDArray[np.uint64]
    verdict: NDArray[np.uint64]


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
