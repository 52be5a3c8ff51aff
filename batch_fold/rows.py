"""A row of a table by the table's address: what a struct of pointers is in C.

The kernel has some forty tables. As arrays each is seven values wide, and numba hands all of them to every function:
compiling took minutes, and a call cost more than the work. So the kernel's functions take one record that holds the
addresses (``kernel_state.FOLD``); whoever fills it keeps the arrays alive as long as the kernel runs.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic


def _row(_context: Any, address: Any, place: Any, dtype: Any) -> Any:
    record = dtype.dtype

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        at, row, _ = values
        row = context.cast(builder, row, signature.args[1], types.int64)
        offset = builder.mul(row, context.get_constant(types.int64, record.size))
        return builder.inttoptr(builder.add(at, offset), context.get_value_type(record))

    return record(types.int64, place, dtype), code


row = cast(Callable[[int, int, "np.dtype[Any]"], Any], intrinsic(_row))
"""``row(address, place, SHAPE)`` is the record at a place, to be read and changed; nobody looks whether it is there."""
