"""The parts of a run, as ``domain/journey/fold.py`` has them."""

from typing import Final

from batch_fold.acts import NO_HOLD
from batch_fold.acts import TAG_REMOVED as TAG_REMOVED_BY_HAND
from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_changes import (
    add_tag,
    arrive,
    changed,
    close_card,
    expire,
    judged_anew,
    remove_tag,
    stage_name,
    step,
)
from batch_fold.kernel_conditions import holds, met, triggered, until_time_tells
from batch_fold.kernel_constants import ALWAYS_EXAMINE, BY_HAND, BY_RULE, ENTERED, LEFT, MOVED, NEVER, NONE
from batch_fold.kernel_state import CARD_HELD, INT8, INT32, INT64, JUDGING, TAG_HELD, TEXT, Fold
from batch_fold.kernel_words import common, concerns, first_bit
from batch_fold.rows import row
from batch_fold.tables import HOLDS, MOVE, STAGES, TAG_RULE, VERSION

FOUND_NONE: Final = 0
FOLLOWED: Final = 1
PASSED_OVER: Final = 2


@compiled
def change_attributes(fold: Fold, act: int) -> None:
    """``OnJourney.change_attributes``."""
    for word in range(fold.words_of_attributes):
        place = act * fold.words_of_attributes + word
        attributes = row(fold.attributes, word, INT64)
        kept = attributes.value & ~row(fold.sets, place, INT64).value
        attributes.value = kept | row(fold.verdicts, place, INT64).value
    changed(fold)


@compiled
def apply_tag_by_hand(fold: Fold, act: int) -> None:
    """``JourneyFold._apply_tag_by_hand``."""
    tag = row(fold.tag_of, row(fold.names, act, INT32).value, INT64).value
    held = row(fold.tags, tag, TAG_HELD)
    if row(fold.kinds, act, INT8).value == TAG_REMOVED_BY_HAND:
        remove_tag(fold, tag, NONE)
    elif held.place > 0:
        held.by_rule, held.rule, held.expires = BY_HAND, NONE, NEVER
    else:
        add_tag(fold, tag, BY_HAND, NONE, NEVER)


# -- enter and leave -----------------------------------------------------------------------------------------------


@compiled
def enter(fold: Fold) -> None:
    """``JourneyFold._enter_or_leave``, off the journey."""
    version = row(fold.versions, fold.came - 1, VERSION)
    if triggered(fold, version.enter_when, version.enter_condition):
        judge_by(fold, fold.came - 1)
        arrive(fold, ENTERED, version.initial, version.enter_rule)


@compiled
def judge_by(fold: Fold, version: int) -> None:
    """``JourneyFold._judge_by``."""
    fold.version, fold.passed = version, fold.came
    judged_anew(fold)
    if fold.judged_written < fold.room_for_judged:
        judging = row(fold.judged, fold.judged_written, JUDGING)
        judging.at, judging.version = fold.now, fold.number
    fold.judged_written += 1


@inlined
def leaves(fold: Fold) -> bool:
    version = row(fold.versions, fold.version, VERSION)
    return triggered(fold, version.leave_when, version.leave_condition)


@compiled
def leave(fold: Fold) -> None:
    """``JourneyFold._leave``. Tags of rules and cards are numbered in order of name."""
    rule = row(fold.versions, fold.version, VERSION).leave_rule
    step(fold, LEFT, rule, stage_name(fold), NONE, NONE)
    for tag in range(fold.number_of_tags):
        held = row(fold.tags, tag, TAG_HELD)
        if held.place > 0 and held.by_rule == BY_RULE:
            remove_tag(fold, tag, rule)
    for card in range(fold.number_of_cards):
        if row(fold.cards, card, CARD_HELD).open > 0:
            close_card(fold, card)
    fold.stage, fold.version, fold.to_be_judged = NONE, NONE, 0
    fold.since, fold.hold_until, fold.due = NEVER, NEVER, NEVER
    judged_anew(fold)
    fold.rest += 1
    fold.stay += 1


# -- manual moves --------------------------------------------------------------------------------------------------


@compiled
def set_stage(fold: Fold, act: int) -> bool:
    """``JourneyFold._set_stage``: returns whether it had effect here."""
    stage = _known_stage(fold, row(fold.names, act, INT32).value)
    if stage < 0:
        return False
    if stage != fold.stage:
        arrive(fold, MOVED, stage, NONE)
    hold = row(fold.holds, act, INT64).value
    fold.hold_until = NEVER if hold == NO_HOLD else fold.now + hold
    fold.due = fold.now
    fold.rest += 1
    changed(fold)
    if hold == NO_HOLD:
        _lay_to_rest(fold)
    return True


@compiled
def _known_stage(fold: Fold, name: int) -> int:
    """``JourneyFold._known_stage``; NONE if the version knows none of that name."""
    stage = row(fold.stage_of, name, INT64).value
    first = fold.version * fold.number_of_stages
    if stage >= 0 and row(fold.stages, first + stage, STAGES).known == 0:
        stage = row(fold.stages, first + stage, STAGES).renamed
    return int(stage if stage >= 0 and row(fold.stages, first + stage, STAGES).known > 0 else NONE)


@compiled
def _lay_to_rest(fold: Fold) -> None:
    """The moves with ``if`` alone that are true at the manual move."""
    stage = row(fold.stages, fold.version * fold.number_of_stages + fold.stage, STAGES)
    for place in range(stage.first_move, stage.end_move):
        move = row(fold.moves, place, MOVE)
        if move.if_alone > 0 and holds(fold, move.condition):
            row(fold.texts, move.text, TEXT).resting = fold.rest


# -- tag rules -----------------------------------------------------------------------------------------------------


@inlined
def apply_tag_rules(fold: Fold) -> None:
    """Those that begin with an atom of the present fact, once, in the order of the document."""
    version = row(fold.versions, fold.version, VERSION)
    if not concerns(fold, fold.fact, version.tagging):
        return
    for block in range(fold.tagging_blocks):
        waiting = _waiting(fold, version.tagging, fold.version * fold.tagging_of_version + block)
        while waiting != 0:
            place = version.first_rule + block * 64 + first_bit(waiting)
            waiting &= waiting - 1
            condition = row(fold.tag_rules, place, TAG_RULE).condition
            if condition == HOLDS or holds(fold, condition):
                _apply_tag_rule(fold, place)


@inlined
def _waiting(fold: Fold, tagging: int, first: int) -> int:
    """A bit for each tag rule of a block of 64 that begins with an atom of the present fact; ``first`` is the block's
    place in ``tag_rules_of`` for the first atom."""
    waiting = 0
    for word in range(fold.words_a_mask):
        bits = common(fold, fold.fact, tagging, word)
        while bits != 0:
            place = row(fold.first_block, word * 64 + first_bit(bits), INT64).value
            bits &= bits - 1
            waiting |= row(fold.tag_rules_of, first + place, INT64).value
    return waiting


@compiled
def _apply_tag_rule(fold: Fold, place: int) -> None:
    """``JourneyFold._apply_tag_rule``."""
    rule = row(fold.tag_rules, place, TAG_RULE)
    held = row(fold.tags, rule.tag, TAG_HELD)
    if rule.adds == 0:
        remove_tag(fold, rule.tag, rule.rule)
        return
    expires = NEVER if rule.expires == NEVER else fold.now + rule.expires
    if held.place == 0:
        add_tag(fold, rule.tag, BY_RULE, rule.rule, expires)
    elif held.by_rule == BY_RULE and expires > held.expires:
        held.rule = rule.rule
        expire(fold, rule.tag, expires)


# -- stage rules ---------------------------------------------------------------------------------------------------


@inlined
def apply_stage_rules(fold: Fold) -> None:
    """``JourneyFold._apply_stage_rules``, if anything they look at may have changed."""
    if fold.now >= fold.moves_until and (fold.hold_until == NEVER or fold.now >= fold.hold_until):
        _apply_stage_rules(fold)


@compiled
def _apply_stage_rules(fold: Fold) -> None:
    passed_over = _apply_first_move(fold)
    while passed_over == FOLLOWED:
        passed_over = _apply_first_move(fold)
    if passed_over == PASSED_OVER:
        fold.moves_until = ALWAYS_EXAMINE
        return
    stage = row(fold.stages, fold.version * fold.number_of_stages + fold.stage, STAGES)
    fold.moves_until = until_time_tells(fold, stage)


@compiled
def _apply_first_move(fold: Fold) -> int:
    """``JourneyFold._apply_first_move``; PASSED_OVER: it followed none, but not because none holds."""
    stage = row(fold.stages, fold.version * fold.number_of_stages + fold.stage, STAGES)
    found = FOUND_NONE
    for place in range(stage.first_move, stage.end_move):
        move = row(fold.moves, place, MOVE)
        if not met(fold, move.when):
            continue
        if row(fold.texts, move.text, TEXT).resting == fold.rest:
            if not holds(fold, move.condition):
                row(fold.texts, move.text, TEXT).resting = 0
        elif row(fold.entered, move.to, INT64).value == fold.run:
            found = PASSED_OVER
        elif move.condition == HOLDS or holds(fold, move.condition):
            arrive(fold, MOVED, move.to, move.rule)
            return FOLLOWED
    return found
