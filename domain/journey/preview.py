"""What a candidate would change the moment it comes into force: who stands elsewhere, by stage, told by the fold."""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant, rfc_3339
from domain.journey.fold import fold
from domain.journey.in_force import ALWAYS, Version, in_order

NAMED: Final = 20
"""So many customers of a move are named, the first in order of their ids."""

Stage = str | None
"""``None`` is off the journey."""


class Preview:
    """Counts customer by customer, so that any number of them can be previewed.

    Both standings are folds up to ``as_of`` of the facts known now: one under the published versions, one under the
    same and the candidate. ``as_of`` is the instant the candidate comes into force, its run and the timers due then
    included; facts are not foretold. Where that instant has passed, it is now: that is what customers feel when such
    a candidate is published.
    """

    def __init__(self, published: Sequence[Version], candidate: Version, now: Instant) -> None:
        self.as_of = max(candidate.effective_from, now)
        self._published = published
        self._candidate = candidate
        self._customers: Counter[tuple[Stage, Stage]] = Counter()
        self._named: defaultdict[tuple[Stage, Stage], list[str]] = defaultdict(list)
        self._opened = 0
        self._closed = 0

    def take(self, customer: str, facts: Iterable[Fact]) -> None:
        """Fold one customer, whose ``facts`` come in any order, without the candidate and with it."""
        history = in_fold_order(facts, self.as_of)
        now = fold(history, self._published, self.as_of).standing
        then = fold(history, [*self._published, self._candidate], self.as_of).standing
        way = now.stage, then.stage
        self._customers[way] += 1
        if now.stage != then.stage:
            insort(self._named[way], customer)
            del self._named[way][NAMED:]
        self._opened += len(then.open.keys() - now.open.keys())
        self._closed += len(now.open.keys() - then.open.keys())

    def as_json(self) -> dict[str, Any]:
        """What was counted; ``from``, ``to`` and ``stage`` null = off the journey. ``customers`` = stay + all moves."""
        since, moves = self._candidate.effective_from, self._moves()
        customers = self._customers.total()
        return {
            "journey": self._candidate.rulebook.journey,
            "effective_from": None if since == ALWAYS else rfc_3339(since),
            "as_of": rfc_3339(self.as_of),
            "version": self._candidate.number,
            "based_on": max((version.number for version in self._published), default=None),
            "customers": customers,
            "stay": customers - sum(move["count"] for move in moves),
            "moves": moves,
            "stages": self._stages(),
            "opportunities": {"opened": self._opened, "closed": self._closed},
        }

    def _moves(self) -> list[dict[str, Any]]:
        """The largest first. ``renamed`` tells that ``to`` is only the candidate's new name of ``from``."""
        ways = sorted(self._named, key=lambda way: (-self._customers[way], way[0] or "", way[1] or ""))
        return [
            {
                "from": origin,
                "to": target,
                "count": self._customers[origin, target],
                "renamed": self._renamed(origin, target),
                "customers": self._named[origin, target],
            }
            for origin, target in ways
        ]

    def _renamed(self, origin: Stage, target: Stage) -> bool:
        return origin is not None and self._candidate.rulebook.renames.get(origin) == target

    def _stages(self) -> list[dict[str, Any]]:
        """The candidate's stages, those of earlier versions in which somebody stands, and off the journey."""
        now: Counter[Stage] = Counter()
        then: Counter[Stage] = Counter()
        for (origin, target), count in self._customers.items():
            now[origin] += count
            then[target] += count
        earlier = [stage for version in reversed(in_order(self._published)) for stage in version.rulebook.stage_ids]
        shown = dict.fromkeys(
            [*self._candidate.rulebook.stage_ids, *(stage for stage in earlier if now[stage] or then[stage]), None]
        )
        return [{"stage": stage, "now": now[stage], "then": then[stage]} for stage in shown]
