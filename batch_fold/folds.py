"""What the compiled fold yields for many customers: steps, and where everyone stands after them, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from domain.journey.steps import StepKind, TimerKind

KINDS: Final[tuple[StepKind, ...]] = get_args(StepKind)
TIMERS: Final[tuple[TimerKind, ...]] = get_args(TimerKind)

NONE: Final = -1
"""No name, no fact, no timer, no version."""
NEVER: Final = int(np.iinfo(np.int64).max)
"""An instant that does not come, or did not."""


@dataclass(frozen=True, slots=True)
class Steps:
    """In order of customer, then as they were made. Places of names are places in ``Folds.names``.

    ``kind`` and ``timer`` are places in ``KINDS`` and ``TIMERS``; ``fact`` the row of the causing fact in the batch;
    ``rule`` the place of the rule's id; ``version`` the number of the judging version; ``name`` the place of the tag
    or of the opportunity's id. What does not apply is ``NONE``.
    """

    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    kind: NDArray[np.int8]
    fact: NDArray[np.int32]
    timer: NDArray[np.int8]
    rule: NDArray[np.int32]
    version: NDArray[np.int32]
    origin: NDArray[np.int32]
    target: NDArray[np.int32]
    name: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class HeldTags:
    """Tags at the end, by customer in order of name. ``step`` is the row in ``Steps`` that brought it; ``by_rule`` says
    whether it is held by rule; ``rule`` set its present ``expires``, which is ``NEVER`` without an end."""

    starts: NDArray[np.int64]
    tag: NDArray[np.int32]
    since: NDArray[np.int64]
    by_rule: NDArray[np.bool_]
    step: NDArray[np.int64]
    rule: NDArray[np.int32]
    expires: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OpenCards:
    """Open opportunities at the end, by customer in order of the rule's id; ``until`` is ``NEVER`` without an end."""

    starts: NDArray[np.int64]
    rule: NDArray[np.int32]
    kind: NDArray[np.int32]
    since: NDArray[np.int64]
    until: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """From when on, and by which version, each customer was judged on the journey (``domain...Folded.judged``)."""

    starts: NDArray[np.int64]
    at: NDArray[np.int64]
    version: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Folds:
    """One entry a customer. ``taken`` counts the facts up to ``as_of``; ``rulebook`` is the number of the version that
    judges; ``next_at``, ``next_timer`` and ``next_rule`` are her next timer (``NEVER``, ``NONE``, ``NONE``: none)."""

    names: Sequence[str]
    steps: Steps
    taken: NDArray[np.int64]
    stage: NDArray[np.int32]
    since: NDArray[np.int64]
    rulebook: NDArray[np.int32]
    next_at: NDArray[np.int64]
    next_timer: NDArray[np.int8]
    next_rule: NDArray[np.int32]
    tags: HeldTags
    open: OpenCards
    judged: Judged
