"""What follows for the rows of one customer from what became known of her; nothing here is read or written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import Instant
from domain.journey.beliefs import Belief, Believing, Late, carried_at, changes
from domain.journey.carried import Carried, carried
from domain.journey.in_force import Version
from domain.journey.seller import seller_of
from projections.believed import Change, Key
from projections.kept import Kept
from projections.opportunities import said_of_opportunities
from projections.standing import STAGES, Row, standing_row, stay_rows
from projections.trail import said_of_steps

Versions = Mapping[str, Sequence[Version]]
"""By journey."""


@dataclass(frozen=True, slots=True)
class Known:
    """``learned`` is new to the rows; before it stands what was ``kept``, or else ``everything`` that is known."""

    learned: Sequence[Fact]
    kept: Kept | None
    subject: str
    everything: Sequence[Fact] | None = None


@dataclass(slots=True)
class Derived:
    """``version`` is her last entry that is known in it. ``anew``: not all of it continues what was kept."""

    number: UUID
    version: int
    anew: bool = False
    standing: list[Row] = field(default_factory=list)
    stays: dict[Key, list[Row]] = field(default_factory=dict)
    steps: dict[Key, list[Change]] = field(default_factory=dict)
    spells: dict[Key, list[Change]] = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)
    staff: str | None = None
    staff_changed: bool = False


def derived(
    number: UUID, known: Known, versions: Versions, before: Versions, until: Instant, beat: Callable[[], None]
) -> Derived:
    """``before`` are the versions that the rows know of; ``beat`` is called once a belief.

    Raises ``domain.journey.beliefs.Late`` where not everything is given.
    """
    if known.everything is None:
        assert known.kept is not None
        result = Derived(number, known.kept.version + len(known.learned))
    else:
        history = in_fold_order(known.everything, until)
        staff = seller_of(history)
        result = Derived(number, len(known.everything), anew=True, staff=staff, staff_changed=True)
    for journey, published in versions.items():
        followed = _Followed((journey, number), result)
        followed.follow(known, published, before.get(journey, ()), until, beat)
    return result


class _Followed:
    """One journey: each belief that the rows do not hold yet is said as a change of them."""

    def __init__(self, key: Key, result: Derived) -> None:
        self._key = key
        self._result = result
        self._steps: list[Change] = []
        self._spells: list[Change] = []
        # The fold whose first steps, history and judges the rows know; any other one is said as a whole.
        self._told: Carried | None = None
        self._so_far = (0, 0, 0)
        self._moved = False

    def follow(
        self,
        known: Known,
        versions: Sequence[Version],
        before: Sequence[Version],
        until: Instant,
        beat: Callable[[], None],
    ) -> None:
        start = self._start(known, before, until)
        learned = known.learned if start is not None or known.everything is None else known.everything
        believing = Believing(versions, start, known.everything)
        newest: Belief | None = None
        for newest in believing.beliefs(learned, until):
            assert believing.carried is not None
            self._say(newest, believing.carried)
            beat()
        if believing.carried is not None:
            self._result.carried[self._key[0]] = believing.carried
            self._result.anew |= believing.carried is not start
        if newest is not None and believing.carried is not None:
            self._tell(newest, believing.carried)

    def _start(self, known: Known, before: Sequence[Version], until: Instant) -> Carried | None:
        if known.kept is not None:
            state = known.kept.states.get(self._key[0])
            start = carried(state, known.subject, before) if state is not None else None
            if start is None:
                raise Late
            # What was kept is what the rows say.
            self._told, self._so_far = start, _reach(start)
            return start
        assert known.everything is not None
        new = {fact.key for fact in known.learned}
        seen = [fact for fact in known.everything if fact.key not in new]
        held = changes(seen, before, until) if before else []
        return carried_at(seen, before, held[-1]) if held else None

    def _say(self, belief: Belief, fold: Carried) -> None:
        steps = belief.folded.steps
        if fold is not self._told:
            self._steps.append(Change(belief.since, tuple(said_of_steps(steps)), whole=True))
            self._say_spells(belief)
            self._moved = True
        else:
            told, remembered, judged = self._so_far
            new = steps[told:]
            # All of them are later than any step before, so that they are numbered by themselves.
            self._steps.append(Change(belief.since, tuple(said_of_steps(new)), whole=False))
            opened = any(step.kind in ("opened", "closed") for step in new)
            if opened or (remembered, judged) != (len(fold.history), len(belief.folded.judged)):
                self._say_spells(belief)
            self._moved |= remembered != len(fold.history) or any(step.kind in STAGES for step in new)
            self._result.staff_changed |= remembered != len(fold.history)
        self._told, self._so_far = fold, (len(steps), len(fold.history), len(belief.folded.judged))

    def _say_spells(self, belief: Belief) -> None:
        self._spells.append(Change(belief.since, tuple(said_of_opportunities(belief, self._key[0])), whole=True))

    def _tell(self, belief: Belief, fold: Carried) -> None:
        result, key = self._result, self._key
        ahead = fold.ahead[0].occurred_at if fold.ahead else None
        row = standing_row(*key, belief, ahead)
        result.standing.append(row)
        result.staff = row["staff"]
        if self._moved:
            result.stays[key] = list(stay_rows(*key, belief))
        result.steps[key], result.spells[key] = self._steps, self._spells


def _reach(fold: Carried) -> tuple[int, int, int]:
    return len(fold.fold.steps), len(fold.history), len(fold.fold.judged)
