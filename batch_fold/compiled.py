"""Functions that numba compiles, with their types kept."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

F = TypeVar("F", bound=Callable[..., Any])

_PART: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""No references are counted, for no arrays are made; and what Python never calls needs no way in, which halves the time
to compile."""


def compiled(function: F) -> F:
    """A part of the kernel, called by its parts alone."""
    return cast(F, njit(**_PART)(function))


def inlined(function: F) -> F:
    """A part that becomes part of its callers: for what is used once, or smaller than a call.

    It is never compiled alone; numba optimises each function together with all that it calls, again and again upwards,
    so the fewer there are the sooner the kernel is compiled.
    """
    return cast(F, njit(inline="always", **_PART)(function))


def compiled_whole(function: F) -> F:
    """The whole kernel, cached on disk. Numba looks for changes in the function's own file, and in what it encloses."""
    return _kept(function, {**_PART, "no_cpython_wrapper": False})


def compiled_alone(function: F) -> F:
    """Cached on disk by itself; it may call nothing else that is compiled, for numba would not see that change."""
    return _kept(function, {"nogil": True, "error_model": "numpy"})


def _kept(function: F, options: dict[str, Any]) -> F:
    """On disk beside the file, or in the user's cache, or in ``NUMBA_CACHE_DIR``."""
    try:
        return cast(F, njit(cache=True, **options)(function))
    except RuntimeError:
        # None of these may be written to: every process compiles for itself.
        return cast(F, njit(**options)(function))


def fixed(array: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """One view of one layout, never written to: numba compiles anew for each, and archives are mapped read-only."""
    view = np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"]).view()
    view.flags.writeable = False
    return view
