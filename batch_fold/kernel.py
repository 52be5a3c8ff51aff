"""The compiled fold: ``domain/journey/fold.py`` over tables and masks, one customer after the other.

It has the same parts in the same order; each function says which one of the reference it equals. What is new is only
what makes it fast: nothing is examined before something it looks at has changed, and no timer is looked for before the
first could fire.
"""

import numpy as np
from numpy.typing import NDArray

from batch_fold.acts import PROFILE, STAGE_SET, WORKED
from batch_fold.acts import TAG_ADDED as TAG_ADDED_BY_HAND
from batch_fold.acts import TAG_REMOVED as TAG_REMOVED_BY_HAND
from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_answers import begin_customer, has_room, write_standing
from batch_fold.kernel_cards import carry_over, examine
from batch_fold.kernel_changes import arrive, begin_run, changed, close_card, judged_anew, judging, remove_tag
from batch_fold.kernel_conditions import tally, triggered
from batch_fold.kernel_constants import (
    AFTER,
    ALWAYS,
    ALWAYS_EXAMINE,
    EXPIRY,
    HOLD,
    MOVED,
    NEVER,
    NO,
    NONE,
    OPEN_FOR,
    RENAMED,
    RULEBOOK,
    YES,
)
from batch_fold.kernel_rules import (
    apply_stage_rules,
    apply_tag_by_hand,
    apply_tag_rules,
    change_attributes,
    enter,
    judge_by,
    leave,
    leaves,
    set_stage,
)
from batch_fold.kernel_state import INT8, INT32, INT64, TAG_HELD, TEXT, Fold
from batch_fold.kernel_timers import next_timer
from batch_fold.kernel_words import concerns
from batch_fold.rows import row
from batch_fold.tables import AHEAD, MOVE, STAGES, VERSION, Rows


@inlined
def fold_customers(folds: Rows, customers: NDArray[np.int64], begin: int) -> int:
    """Fold ``customers[begin:]`` of the batch with ``folds[0]``, each up to her ``as_of``.

    Returns the place of the first for whom there was no room, or how many there are. Whoever makes room sets
    ``.._written`` back to ``.._before`` and goes on with her.
    """
    fold = folds[0]
    for place in range(begin, len(customers)):
        begin_customer(fold, row(fold.starts, customers[place], INT64).value)
        _fold(fold, customers[place])
        if not has_room(fold):
            return place
    return len(customers)


@inlined
def _fold(fold: Fold, customer: int) -> None:
    """``fold``: takes her facts up to ``as_of``, then lets time pass up to it."""
    _bring_into_force(fold, ALWAYS)
    as_of = row(fold.as_of, customer, INT64).value
    first, end = row(fold.starts, customer, INT64).value, row(fold.starts, customer + 1, INT64).value
    fact = first
    while fact < end and row(fold.at, fact, INT64).value <= as_of:
        if fold.known != 0 and fact > first and _is_late(fold, fact):
            as_of = row(fold.known, fact, INT64).value - 1
            break
        _take(fold, fact)
        fact += 1
    _pass(fold, as_of, YES)
    next_timer(fold)
    write_standing(fold, customer, fact - first)


@compiled
def _is_late(fold: Fold, fact: int) -> bool:
    """Lets time pass until a fact is known; whether something happened by then, at its instant or after it."""
    known = row(fold.known, fact, INT64).value
    if known == row(fold.known, fact - 1, INT64).value:
        return False
    _pass(fold, known - 1, YES)
    return bool(fold.now >= row(fold.at, fact, INT64).value)


# -- time ----------------------------------------------------------------------------------------------------------


@inlined
def _take(fold: Fold, fact: int) -> None:
    """``JourneyFold.take``."""
    at = row(fold.at, fact, INT64).value
    if fold.due < at or row(fold.ahead, fold.came, AHEAD).comes <= at:
        _pass(fold, at, NO)
    fold.now = at
    _work(fold, fact)


@compiled
def _pass(fold: Fold, end: int, timers_of_the_end: bool) -> None:
    """``JourneyFold._pass``."""
    while True:
        comes = row(fold.ahead, fold.came, AHEAD).comes
        if comes > end and not _is_due(fold, end, timers_of_the_end):
            return
        next_timer(fold)
        if comes <= end and comes <= fold.due:
            _bring_into_force(fold, comes)
        elif _is_due(fold, end, timers_of_the_end):
            _fire(fold)
        else:
            return


@inlined
def _is_due(fold: Fold, end: int, timers_of_the_end: bool) -> bool:
    return bool(fold.due < end or (timers_of_the_end and fold.due == end))


# -- versions ------------------------------------------------------------------------------------------------------


@compiled
def _bring_into_force(fold: Fold, at: int) -> None:
    """``JourneyFold._bring_into_force``."""
    while row(fold.ahead, fold.came, AHEAD).comes <= at:
        fold.came += 1
    fold.now = at
    judged_anew(fold)
    new = fold.came - 1
    if new >= 0 and fold.stage >= 0 and row(fold.versions, new, VERSION).pins == 0:
        _change_version(fold, new)


@compiled
def _change_version(fold: Fold, new: int) -> None:
    """``JourneyFold._change_version``, with ``successor_stage``."""
    old, stage = fold.version, fold.stage
    for passed in range(fold.passed, fold.came):
        here = row(fold.stages, passed * fold.number_of_stages + stage, STAGES)
        if here.known == 0:
            stage = here.renamed
    judge_by(fold, new)
    begin_run(fold, NONE, RULEBOOK)
    lost = row(fold.stages, new * fold.number_of_stages + stage, STAGES).known == 0
    if lost:
        stage = row(fold.versions, new, VERSION).initial
    if stage != fold.stage:
        arrive(fold, MOVED if lost else RENAMED, stage, NONE)
    carry_over(fold, old, new)
    fold.to_be_judged = 1
    fold.due = fold.now
    changed(fold)


# -- facts ---------------------------------------------------------------------------------------------------------


@inlined
def _work(fold: Fold, fact: int) -> None:
    """``JourneyFold._work``."""
    begin_run(fold, fact, NONE)
    fold.put = fact + 1
    tally(fold)
    act = row(fold.act, fact, INT32).value - 1
    kind = NONE
    if act >= 0:
        kind = row(fold.kinds, act, INT8).value
        _act(fold, act, kind)
    if judging(fold) < 0:
        return
    if fold.stage < 0:
        enter(fold)
    else:
        _notice(fold, fact)
        if leaves(fold):
            leave(fold)
    if fold.stage < 0:
        return
    set_by_hand = kind == STAGE_SET and set_stage(fold, act)
    apply_tag_rules(fold)
    if not set_by_hand:
        apply_stage_rules(fold)
    examine(fold)


@compiled
def _act(fold: Fold, act: int, kind: int) -> None:
    """What a fact does by itself, before she enters or leaves."""
    if kind == PROFILE:
        change_attributes(fold, act)
    elif kind in (TAG_ADDED_BY_HAND, TAG_REMOVED_BY_HAND):
        apply_tag_by_hand(fold, act)
    elif kind == WORKED:
        fold.cards_until = ALWAYS_EXAMINE


@inlined
def _notice(fold: Fold, fact: int) -> None:
    """What the present fact may change: what stage rules or opportunities would find, and when a timer fires."""
    stage = row(fold.stages, fold.version * fold.number_of_stages + fold.stage, STAGES)
    version = row(fold.versions, fold.version, VERSION)
    fold.moves_until = ALWAYS_EXAMINE if concerns(fold, fact, stage.moves) else fold.moves_until
    fold.cards_until = ALWAYS_EXAMINE if concerns(fold, fact, version.cards) else fold.cards_until
    fold.due = min(fold.due, fold.now + stage.shortest_after) if concerns(fold, fact, stage.anchors) else fold.due


# -- timers --------------------------------------------------------------------------------------------------------


@compiled
def _fire(fold: Fold) -> None:
    """``JourneyFold._fire``: the timer that ``next_timer`` found."""
    fold.now = fold.due
    kind = fold.due_kind
    begin_run(fold, NONE, kind)
    if kind == OPEN_FOR:
        close_card(fold, fold.due_card)
        return
    if kind == RULEBOOK:
        fold.to_be_judged = 0
    elif kind == EXPIRY:
        _expire_tags(fold)
    elif kind == HOLD:
        fold.hold_until = NEVER
    elif kind == AFTER:
        _fire_move(fold)
    apply_stage_rules(fold)
    examine(fold)


@compiled
def _expire_tags(fold: Fold) -> None:
    """All that expire now, in order of name. Only tags that rules name can."""
    for tag in range(fold.number_of_tags):
        held = row(fold.tags, tag, TAG_HELD)
        if held.place > 0 and held.expires == fold.now:
            remove_tag(fold, tag, held.rule)


@compiled
def _fire_move(fold: Fold) -> None:
    """``JourneyFold._fire_move``."""
    move = row(fold.timed, fold.due_move, MOVE)
    text = row(fold.texts, move.text, TEXT)
    text.fired, text.fired_at = fold.stay, fold.due_anchor
    if triggered(fold, move.when, move.condition):
        arrive(fold, MOVED, move.to, move.rule)
