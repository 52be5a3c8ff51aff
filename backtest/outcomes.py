"""What came of the listed: did the outcome follow a card, and had it been foreseen by one.

A listing is a card (customer and kind) that opens within the period. It is followed by an outcome later than it opened
and at most ``within`` after that, whether or not the period is over by then. The outcomes are those of the period, of
customers who are on the journey then or left it at most ``within`` before; one is foreseen if some listing is followed
by it, and its lead is the time since the earliest such listing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.card_spells import Spells, Surroundings
from backtest.intervals import Intervals, joined
from backtest.on_journey import around
from backtest.plan import Plan
from batch_fold.compiled import compiled_alone
from batch_fold.folds import Folds
from domain.instants import SECOND, Instant
from domain.journey.vocabulary import Sentence

OBSERVED: Final = Sentence(
    "结果是在当时的规则下观察到的：名单不同，人们的做法和结果也可能不同。",
    "Outcomes were observed under the rules of then: with other lists people would have acted otherwise.",
)

QUANTILES: Final[Mapping[str, int]] = {"p10": 10, "median": 50, "p90": 90}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of one run. ``leads`` are the different lead times in microseconds, ascending, and how often each occurs."""

    listed: int
    followed: int
    outcomes: int
    foreseen: int
    leads: tuple[NDArray[np.int64], NDArray[np.int64]]

    def plus(self, other: "Outcomes") -> "Outcomes":
        values, places = np.unique(np.concatenate([self.leads[0], other.leads[0]]), return_inverse=True)
        times = np.zeros(len(values), np.int64)
        np.add.at(times, places, np.concatenate([self.leads[1], other.leads[1]]))
        return Outcomes(
            self.listed + other.listed,
            self.followed + other.followed,
            self.outcomes + other.outcomes,
            self.foreseen + other.foreseen,
            (values, times),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "listed": self.listed,
            "followed": self.followed,
            "precision": self.followed / self.listed if self.listed else None,
            "outcomes": self.outcomes,
            "foreseen": self.foreseen,
            "recall": self.foreseen / self.outcomes if self.outcomes else None,
            "lead_seconds": {name: self._lead(part) / SECOND for name, part in QUANTILES.items()}
            if self.foreseen
            else None,
        }

    def _lead(self, part: int) -> int:
        """The shortest lead that is at least as long as ``part`` of a hundred of them."""
        values, times = self.leads
        rank = -(-self.foreseen * part // 100)
        return int(values[np.searchsorted(np.cumsum(times), rank)])


def outcomes(plan: Plan, surroundings: Surroundings, folds: Folds, spells: Spells) -> Outcomes:
    """Of one run, the ``spells`` being those of its ``folds``."""
    asked, since, until = plan.question.outcome, plan.question.start, plan.question.until
    assert asked is not None
    starts, at = surroundings.outcomes
    listed, followed, leads = _walk(*_listings(spells, since, until), starts, at, since, until, asked.within)
    values, times = np.unique(leads, return_counts=True)
    hers = around(folds, starts, at, asked.within) & (at >= since) & (at <= until)
    return Outcomes(listed, followed, int(np.count_nonzero(hers)), len(leads), (values, times.astype(np.int64)))


def _listings(spells: Spells, since: Instant, until: Instant) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By customer: when cards opened within the period, in order of time."""
    known = spells.kind >= 0
    cards = joined(
        Intervals(
            np.concatenate([[0], np.cumsum(known)])[spells.starts],
            spells.kind[known],
            spells.since[known],
            spells.until[known],
        ),
        gap=0,
    )
    within = (cards.begin >= since) & (cards.begin <= until)
    starts, opened = np.concatenate([[0], np.cumsum(within)])[cards.starts], cards.begin[within]
    _in_order(starts, opened)
    return starts, opened


@compiled_alone
def _in_order(starts: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    for customer in range(len(starts) - 1):
        if starts[customer + 1] - starts[customer] > 1:
            at[starts[customer] : starts[customer + 1]] = np.sort(at[starts[customer] : starts[customer + 1]])


@compiled_alone
def _walk(
    starts: NDArray[np.int64],
    opened: NDArray[np.int64],
    outcome_starts: NDArray[np.int64],
    outcome_at: NDArray[np.int64],
    since: int,
    until: int,
    within: int,
) -> tuple[int, int, NDArray[np.int64]]:
    """How many were listed, how many of them followed, and the leads of the outcomes that were foreseen."""
    leads, foreseen, followed = np.empty(len(outcome_at), np.int64), 0, 0
    for customer in range(len(starts) - 1):
        listings = opened[starts[customer] : starts[customer + 1]]
        outcomes = outcome_at[outcome_starts[customer] : outcome_starts[customer + 1]]
        after = 0
        for listing in listings:
            while after < len(outcomes) and outcomes[after] <= listing:
                after += 1
            if after < len(outcomes) and outcomes[after] - listing <= within:
                followed += 1
        earliest = 0
        for at in outcomes:
            while earliest < len(listings) and listings[earliest] < at - within:
                earliest += 1
            if since <= at <= until and earliest < len(listings) and listings[earliest] < at:
                leads[foreseen] = at - listings[earliest]
                foreseen += 1
    return len(opened), followed, leads[:foreseen]
