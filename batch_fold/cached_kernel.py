"""The kernel as machine code, compiled once for all rulebooks and kept on disk for the next process."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch_fold import acts, kernel
from batch_fold.compiled import compiled_whole
from batch_fold.folds import KINDS, TIMERS
from batch_fold.tables import Rows

Kernel = Callable[[Rows, NDArray[np.int64], int], int]

_FILES = ("kernel*.py", "rows.py", "tables.py", "compiled.py")
_CONSTANTS = (
    *(KINDS, TIMERS),
    *(acts.PROFILE, acts.TAG_ADDED, acts.TAG_REMOVED, acts.STAGE_SET, acts.WORKED, acts.NO_HOLD),
)


@cache
def cached_kernel() -> Kernel:
    """``kernel.fold_customers``; compiles at its first call, unless the disk has it.

    Numba looks for changes in the one file of a cached function only; so the cache's key holds what all of the kernel's
    files say, and the constants it takes from elsewhere.
    """
    room = Path(__file__).parent
    sources = [source.read_bytes() for pattern in _FILES for source in sorted(room.glob(pattern))]
    digest = int.from_bytes(sha256(b"\n".join([*sources, repr(_CONSTANTS).encode()])).digest()[:7], "big")

    def fold_customers(folds: Any, customers: Any, begin: Any) -> Any:
        _ = digest
        return kernel.fold_customers(folds, customers, begin)

    return compiled_whole(fold_customers)
