"""What several stretches of a customer say alike, joined: it was believed through, and not given up in between."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projections.batch_build_told import Table

_WHEN = ("believed_from", "believed_until")


def together(tables: Sequence[Table]) -> Table:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def joined(table: Table, has_several: NDArray[np.bool_]) -> Table:
    """Of customers (by place) with several stretches: rows that say the same, each believed until the next, as one."""
    several = has_several[table["customer"]]
    if not several.any():
        return table
    own = {name: column[several] for name, column in table.items()}
    said = [column for name, column in own.items() if name not in _WHEN]
    order = np.lexsort((own["believed_from"], *reversed(said)))
    own = {name: column[order] for name, column in own.items()}
    begins = np.ones(len(order), np.bool_)
    begins[1:] = own["believed_from"][1:] != own["believed_until"][:-1]
    for name, column in own.items():
        if name not in _WHEN:
            begins[1:] |= column[1:] != column[:-1]
    firsts = np.flatnonzero(begins)
    last = np.append(firsts[1:], len(order))[: len(firsts)] - 1
    whole = {name: column[firsts] for name, column in own.items()} | {"believed_until": own["believed_until"][last]}
    return {name: np.concatenate([table[name][~several], whole[name]]) for name in table}
