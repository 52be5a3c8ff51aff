"""The rows that ranges of customers have written, made into ``Folds``: columns, in the order of the customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch_fold.folds import Folds, HeldTags, Judged, OpenCards, Steps
from batch_fold.tables import Rows

Part = Mapping[str, Rows]
"""What one range of customers has written, by the names in ``kernel_state.WRITTEN``."""


def folds_of(names: Sequence[str], standings: Rows, order: NDArray[np.int64], parts: Sequence[Part]) -> Folds:
    """``parts`` have the rows of all customers, in ``order``."""
    steps = _table(standings["steps"], order, [part["steps"] for part in parts])
    tags = _table(standings["tags"], order, [part["tags_at_end"] for part in parts])
    cards = _table(standings["cards"], order, [part["cards_at_end"] for part in parts])
    judged = _table(standings["judged"], order, [part["judged"] for part in parts])
    step = tags.column("step") + np.repeat(steps.starts[:-1], standings["tags"])
    return Folds(
        names=names,
        steps=Steps(steps.starts, **{name: steps.column(name) for name in Steps.__slots__ if name != "starts"}),
        tags=HeldTags(
            starts=tags.starts,
            tag=tags.column("tag"),
            since=tags.column("since"),
            by_rule=tags.column("by_rule").astype(np.bool_),
            step=step,
            rule=tags.column("rule"),
            expires=tags.column("expires"),
        ),
        open=OpenCards(cards.starts, **{name: cards.column(name) for name in OpenCards.__slots__ if name != "starts"}),
        judged=Judged(judged.starts, judged.column("at"), judged.column("version")),
        **{
            name: standings[name].copy()
            for name in ("taken", "stage", "since", "rulebook", "next_at", "next_timer", "next_rule")
        },
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """``rows`` says where in the parts, one after the other, each row of the answer stands; ``None``: just so."""

    starts: NDArray[np.int64]
    parts: Sequence[Rows]
    rows: NDArray[np.int64] | None

    def column(self, name: str) -> NDArray[Any]:
        column = np.concatenate([part[name] for part in self.parts])
        return column if self.rows is None else column[self.rows]


def _table(counts: NDArray[np.int32], order: NDArray[np.int64], parts: Sequence[Rows]) -> _Table:
    starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    if np.array_equal(order, np.arange(len(order))):
        return _Table(starts, parts, None)
    written_at = np.empty(len(order), np.int64)
    written_at[order] = np.cumsum(counts[order], dtype=np.int64) - counts[order]
    return _Table(starts, parts, np.repeat(written_at - starts[:-1], counts) + np.arange(starts[-1]))
