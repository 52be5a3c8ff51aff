"""The one record that the kernel works on, filled in: addresses of tables, facts, state and rows, and their sizes."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from batch_fold.columns import Columns
from batch_fold.kernel_state import CARD_HELD, FOLD, INT64, SUM, TAG_HELD, TALLIED, TEXT, WRITTEN
from batch_fold.masks import Masks
from batch_fold.tables import Rows, Run


class FoldRecord:
    """``rows`` is an array of the one record; the arrays it points to live as long as this object."""

    def __init__(self, run: Run, order_of_names: NDArray[np.int32], standings: Rows) -> None:
        self.rows = np.zeros(1, FOLD)
        self.written: dict[str, Rows] = {}
        self._kept: list[NDArray[Any]] = []
        self._most: list[int] = run.rules.most.tolist()
        self._run(run)
        self._names(run, order_of_names)
        self._point("standings", standings)

    def take_facts(
        self, columns: Columns, masks: Masks, as_of: NDArray[np.int64], known: NDArray[np.int64] | None
    ) -> None:
        acts = masks.acts
        self._point("starts", columns.starts, np.int64)
        self._point("at", columns.at, np.int64)
        self._point("words", masks.words, np.uint64)
        self._point("amounts", masks.amounts, np.int64)
        self._point("act", masks.act, np.int32)
        self._point("kinds", acts.kind, np.int8)
        self._point("names", acts.name, np.int32)
        self._point("holds", acts.hold, np.int64)
        self._point("sets", acts.sets, np.uint64)
        self._point("verdicts", acts.verdict, np.uint64)
        self._point("as_of", as_of, np.int64)
        if known is not None:
            self._point("known", known, np.int64)
        self._sizes(words_a_fact=masks.words.shape[1], facts=columns.facts)
        self._tallies(int(np.diff(columns.starts).max(initial=1)))

    def make_room(self, name: str, rows: int) -> None:
        """For so many rows of what is written under a name; those that are there are kept."""
        before = self.written.get(name, np.empty(0, WRITTEN[name]))
        self.written[name] = np.empty(rows, WRITTEN[name])
        self.written[name][: min(len(before), rows)] = before[:rows]
        self.rows[0][name] = self.written[name].ctypes.data
        self.rows[0][f"room_for_{name}"] = rows

    def make_more_room(self) -> None:
        """Twice what she needed who found no room; the kernel goes on as if it had not begun with her."""
        fold = self.rows[0]
        for name in WRITTEN:
            if fold[f"{name}_written"] > fold[f"room_for_{name}"]:
                self.make_room(name, 2 * int(fold[f"{name}_written"]))
            fold[f"{name}_written"] = fold[f"{name}_before"]

    def rows_written(self, name: str) -> Rows:
        return self.written[name][: self.rows[0][f"{name}_written"]]

    def _run(self, run: Run) -> None:
        rules = run.rules
        for name, table in rules._asdict().items():
            self._point(name, table)
        self._point("sum_of", np.zeros(len(rules.sums), SUM))
        self._point("left", np.zeros(len(rules.windows), INT64))
        self._point("attributes", np.zeros(len(rules.unset), INT64))
        self._point("entered", np.zeros(len(rules.stage_names), INT64))
        self._point("texts", np.zeros(run.texts, TEXT))
        self._point("cards", np.zeros(len(rules.card_names), CARD_HELD))
        self._sizes(
            words_a_mask=rules.masks.shape[1],
            words_of_attributes=len(rules.unset),
            number_of_stages=len(rules.stage_names),
            number_of_tags=len(rules.tag_names),
            number_of_cards=len(rules.card_names),
            number_of_tallies=len(rules.most),
            number_of_sums=len(rules.sums),
            words_of_tags=rules.tags_of_cards.shape[1],
            number_of_windows=len(rules.windows),
            tagging_of_version=rules.tag_rules_of.shape[1] * rules.tag_rules_of.shape[2],
            tagging_blocks=rules.tag_rules_of.shape[2],
        )

    def _tallies(self, most_facts: int) -> None:
        """Room for the instants of the last facts of each, a power of two: as many as are asked for or as there are."""
        rooms = [1 << (min(most, most_facts) - 1).bit_length() for most in self._most]
        tallied = np.zeros(len(rooms), TALLIED)
        tallied["begin"] = np.cumsum([0, *rooms])[:-1]
        tallied["mask"] = np.array(rooms, np.int64) - 1
        self._point("tallied", tallied)
        self._point("instants", np.zeros(sum(rooms), INT64))

    def _names(self, run: Run, order_of_names: NDArray[np.int32]) -> None:
        """A tag that no rule of the run names is numbered after those that one does, by its place among all names."""
        names, tags = len(order_of_names), len(run.rules.tag_names)
        beyond = np.full(names - len(run.tag_of), -1, np.int32)
        tag_of = np.concatenate([run.tag_of, beyond])
        self._point("stage_of", np.concatenate([run.stage_of, beyond]), np.int64)
        self._point("tag_of", np.where(tag_of >= 0, tag_of, tags + np.arange(names)), np.int64)
        self._point("order", np.concatenate([order_of_names[run.rules.tag_names], order_of_names]), np.int64)
        self._point("tags", np.zeros(tags + names, TAG_HELD))
        self._point("held_tags", np.zeros(tags + names, INT64))

    def _point(self, name: str, array: NDArray[Any], dtype: DTypeLike | None = None) -> None:
        straight = np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])
        self._kept.append(straight)
        self.rows[0][name] = straight.ctypes.data

    def _sizes(self, **sizes: int) -> None:
        for name, size in sizes.items():
            self.rows[0][name] = size
