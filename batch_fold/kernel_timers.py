"""Due times in virtual time, as ``domain/journey/timers.py`` says."""

from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_cards import first_to_end
from batch_fold.kernel_constants import AFTER, EXPIRY, HOLD, NEVER, NONE, OPEN_FOR, RULEBOOK
from batch_fold.kernel_state import CARD_HELD, INT64, TAG_HELD, TALLIED, TEXT, Fold
from batch_fold.rows import row
from batch_fold.tables import CARD, FIRST, LAST, MOVE, STAGES


@compiled
def next_timer(fold: Fold) -> None:
    """``timers.next_timer``: leaves in ``due`` the very instant at which the next fires, and beside it what it is.

    Kinds and moves are looked at in the order in which they fire at one instant, so only an earlier one is better.
    """
    fold.due, fold.due_kind, fold.due_rule = NEVER, NONE, NONE
    if fold.version < 0:
        return
    if fold.to_be_judged > 0:
        _due(fold, fold.now, RULEBOOK, NONE)
    _next_expiry(fold)
    if fold.hold_until != NEVER:
        _due(fold, fold.hold_until, HOLD, NONE)
    _next_move(fold)
    if fold.open > 0:
        place = first_to_end(fold)
        if place >= 0:
            rule = row(fold.opportunities, place, CARD)
            if _due(fold, row(fold.cards, rule.card, CARD_HELD).until, OPEN_FOR, rule.rule):
                fold.due_card = rule.card


@inlined
def _due(fold: Fold, at: int, kind: int, rule: int) -> bool:
    """An overdue timer fires at the present instant. Returns whether this one fires before those looked at so far."""
    earlier = max(at, fold.now) < fold.due
    if earlier:
        fold.due, fold.due_kind, fold.due_rule = max(at, fold.now), kind, rule
    return bool(earlier)


@compiled
def _next_expiry(fold: Fold) -> None:
    """Of tags that expire together the first in order of name stands for all."""
    expires, first = NEVER, NONE
    for place in range(fold.held):
        tag = row(fold.held_tags, place, INT64).value
        until = row(fold.tags, tag, TAG_HELD).expires
        if until < expires or (until == expires and until != NEVER and tag < first):
            expires, first = until, tag
    if first >= 0:
        _due(fold, expires, EXPIRY, row(fold.tags, first, TAG_HELD).rule)


@compiled
def _next_move(fold: Fold) -> None:
    """``timers._moves``."""
    stage = row(fold.stages, fold.version * fold.number_of_stages + fold.stage, STAGES)
    for place in range(stage.first_timed, stage.end_timed):
        move = row(fold.timed, place, MOVE)
        text, anchor = row(fold.texts, move.text, TEXT), _anchor_of(fold, move)
        if anchor == NEVER or (text.fired == fold.stay and text.fired_at == anchor):
            continue
        at = anchor + move.after
        if fold.hold_until != NEVER:
            at = max(at, fold.hold_until)
        if _due(fold, at, AFTER, move.rule):
            fold.due_move, fold.due_anchor = place, anchor


@inlined
def _anchor_of(fold: Fold, move: Fold) -> int:
    """``timers.anchor_of``; NEVER leaves it unarmed."""
    if move.anchor == FIRST:
        return int(row(fold.tallied, move.tally, TALLIED).first)
    if move.anchor == LAST and row(fold.tallied, move.tally, TALLIED).number > 0:
        return int(max(fold.since, row(fold.tallied, move.tally, TALLIED).last))
    return int(fold.since)
