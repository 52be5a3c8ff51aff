"""The day lists under both: cards by day and by seller, and how many are on both lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.card_spells import Spells, Surroundings
from backtest.intervals import Intervals, joined
from backtest.plan import Plan
from batch_fold.compiled import compiled_alone


@dataclass(frozen=True, slots=True)
class BoardDays:
    """``changes`` (3 x days): how many more cards than the day before, under the published rules, under the candidate,
    and the same card of one seller under both; ``sellers``: card-days in the same order, ``None`` is nobody's."""

    changes: NDArray[np.int64]
    sellers: Mapping[str | None, NDArray[np.int64]]

    def plus(self, other: "BoardDays") -> "BoardDays":
        nothing = np.zeros(3, np.int64)
        return BoardDays(
            self.changes + other.changes,
            {
                staff: self.sellers.get(staff, nothing) + other.sellers.get(staff, nothing)
                for staff in self.sellers.keys() | other.sellers.keys()
            },
        )

    @property
    def cards(self) -> NDArray[np.int64]:
        """3 x days."""
        return np.cumsum(self.changes, axis=1)


def board_days(plan: Plan, around: Surroundings, published: Spells, candidate: Spells) -> BoardDays:
    changes = np.zeros((3, len(plan.days) + 1), np.int64)
    card_days = np.zeros((3, len(around.staff) + 1), np.int64)
    cards = [_cards(spells, len(around.staff)) for spells in (published, candidate)]
    for run, one in enumerate([*cards, Intervals(*_on_both(*cards))]):
        _count(one.number, one.begin, one.end, changes[run], card_days[run])
    staff = (*around.staff, None)
    with_cards = np.flatnonzero(card_days.any(axis=0))
    return BoardDays(changes[:, :-1], {staff[place]: card_days[:, place] for place in with_cards})


def _cards(spells: Spells, sellers: int) -> Intervals:
    """Each customer's cards: kind and seller in one number, from the first to the last day."""
    listed = (spells.kind >= 0) & (spells.first <= spells.last)
    whose = np.where(spells.staff >= 0, spells.staff, sellers)
    return joined(
        Intervals(
            np.concatenate([[0], np.cumsum(listed)])[spells.starts],
            (spells.kind * (sellers + 1) + whose)[listed],
            spells.first[listed],
            spells.last[listed],
        ),
        gap=1,
    )


@compiled_alone
def _count(
    card: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    changes: NDArray[np.int64],
    card_days: NDArray[np.int64],
) -> None:
    for place in range(len(card)):
        changes[first[place]] += 1
        changes[last[place] + 1] -= 1
        card_days[card[place] % len(card_days)] += last[place] - first[place] + 1


@compiled_alone
def _on_both(one: Any, other: Any) -> Any:
    """The days on which both have the same card of the same customer."""
    starts, number, begin, end = one
    starts_, number_, begin_, end_ = other
    found = np.zeros(len(starts), np.int64)
    # Of two lists that are walked together, each pair passes one interval for good.
    rows, used = np.empty((len(number) + len(number_), 3), np.int64), 0
    for customer in range(len(starts) - 1):
        i, j = starts[customer], starts_[customer]
        while i < starts[customer + 1] and j < starts_[customer + 1]:
            if number[i] == number_[j] and begin[i] <= end_[j] and begin_[j] <= end[i]:
                rows[used, 0], rows[used, 1], rows[used, 2] = number[i], max(begin[i], begin_[j]), min(end[i], end_[j])
                used += 1
            if number[i] < number_[j] or (number[i] == number_[j] and end[i] < end_[j]):
                i += 1
            else:
                j += 1
        found[customer + 1] = used
    return found, rows[:used, 0].copy(), rows[:used, 1].copy(), rows[:used, 2].copy()
