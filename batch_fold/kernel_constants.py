"""The constants of the kernel, as numbers of 64 bits.

As Python's integers each would be a type of its own, and numba would compile every function anew for each that it is
called with.
"""

from typing import Any, Final

import numpy as np

from batch_fold import folds, tables
from domain.journey.in_force import ALWAYS as _ALWAYS

NONE: Final[Any] = np.int64(folds.NONE)
NEVER: Final[Any] = np.int64(folds.NEVER)
ALWAYS: Final[Any] = np.int64(_ALWAYS)
ALWAYS_EXAMINE: Final[Any] = np.int64(np.iinfo(np.int64).min)
"""An instant before all: what is examined until then is examined always."""

YES: Final[Any] = np.bool_(True)
NO: Final[Any] = np.bool_(False)

BY_HAND: Final[Any] = np.int64(0)
BY_RULE: Final[Any] = np.int64(1)

COUNTED_ATOMS: Final[Any] = np.int64(tables.COUNTED)
SUMMED_ATOMS: Final[Any] = np.int64(tables.SUMMED)

ENTERED: Final[Any] = np.int64(folds.KINDS.index("entered"))
LEFT: Final[Any] = np.int64(folds.KINDS.index("left"))
MOVED: Final[Any] = np.int64(folds.KINDS.index("moved"))
RENAMED: Final[Any] = np.int64(folds.KINDS.index("renamed"))
TAG_ADDED: Final[Any] = np.int64(folds.KINDS.index("tag_added"))
TAG_REMOVED: Final[Any] = np.int64(folds.KINDS.index("tag_removed"))
OPENED: Final[Any] = np.int64(folds.KINDS.index("opened"))
CLOSED: Final[Any] = np.int64(folds.KINDS.index("closed"))

RULEBOOK: Final[Any] = np.int64(folds.TIMERS.index("rulebook"))
EXPIRY: Final[Any] = np.int64(folds.TIMERS.index("expiry"))
HOLD: Final[Any] = np.int64(folds.TIMERS.index("hold"))
AFTER: Final[Any] = np.int64(folds.TIMERS.index("after"))
OPEN_FOR: Final[Any] = np.int64(folds.TIMERS.index("open_for"))
