"""The beginning and the end of a customer: an empty state, and what is written of where she stands."""

from batch_fold.compiled import compiled
from batch_fold.kernel_changes import changed, stage_name, tag_name
from batch_fold.kernel_constants import NEVER, NONE, RULEBOOK
from batch_fold.kernel_state import CARD_AT_END, CARD_HELD, INT64, STANDING, SUM, TAG_AT_END, TAG_HELD, TALLIED, Fold
from batch_fold.rows import row
from batch_fold.tables import AHEAD


@compiled
def begin_customer(fold: Fold, first: int) -> None:
    """``JourneyFold.__init__``; ``first`` is the row of her first fact.

    New stamps empty what hangs on a stay, a rest or a run.
    """
    fold.stage, fold.version, fold.came, fold.passed = NONE, NONE, 0, 0
    fold.since, fold.hold_until, fold.due = NEVER, NEVER, NEVER
    fold.to_be_judged, fold.open = 0, 0
    fold.fact, fold.timer, fold.put = NONE, NONE, first
    fold.stay += 1
    fold.rest += 1
    changed(fold)
    for tally in range(fold.number_of_tallies):
        tallied = row(fold.tallied, tally, TALLIED)
        tallied.number, tallied.first, tallied.last = 0, NEVER, NEVER
    for place in range(fold.number_of_sums):
        total = row(fold.sum_of, place, SUM)
        total.high, total.low = 0, 0
    for window in range(fold.number_of_windows):
        row(fold.left, window, INT64).value = first
    for word in range(fold.words_of_attributes):
        row(fold.attributes, word, INT64).value = row(fold.unset, word, INT64).value
    for card in range(fold.number_of_cards):
        row(fold.cards, card, CARD_HELD).open = 0
    while fold.held > 0:
        fold.held -= 1
        row(fold.tags, row(fold.held_tags, fold.held, INT64).value, TAG_HELD).place = 0
    fold.steps_before, fold.judged_before = fold.steps_written, fold.judged_written
    fold.tags_at_end_before, fold.cards_at_end_before = fold.tags_at_end_written, fold.cards_at_end_written


@compiled
def has_room(fold: Fold) -> bool:
    """Whether there was room for all of her rows."""
    return bool(
        fold.steps_written <= fold.room_for_steps
        and fold.judged_written <= fold.room_for_judged
        and fold.tags_at_end_written <= fold.room_for_tags_at_end
        and fold.cards_at_end_written <= fold.room_for_cards_at_end
    )


@compiled
def write_standing(fold: Fold, customer: int, taken: int) -> None:
    """``JourneyFold._standing``; ``next_timer`` has just looked."""
    standing = row(fold.standings, customer, STANDING)
    standing.taken = taken
    standing.stage = stage_name(fold)
    standing.since = fold.since
    standing.rulebook = fold.number
    standing.next_at, standing.next_timer, standing.next_rule = fold.due, fold.due_kind, fold.due_rule
    judges = row(fold.ahead, fold.came, AHEAD).judges
    if fold.stage >= 0 and judges != NEVER and judges <= fold.due:
        standing.next_at, standing.next_timer, standing.next_rule = judges, RULEBOOK, NONE
    standing.steps = fold.steps_written - fold.steps_before
    standing.judged = fold.judged_written - fold.judged_before
    standing.tags, standing.cards = fold.held, fold.open
    _write_tags(fold)
    _write_cards(fold)


@compiled
def _write_tags(fold: Fold) -> None:
    """In order of name."""
    first = fold.tags_at_end_written
    fold.tags_at_end_written += fold.held
    if fold.tags_at_end_written > fold.room_for_tags_at_end:
        return
    _sort_held_tags(fold)
    for place in range(fold.held):
        tag = row(fold.held_tags, place, INT64).value
        held, at_end = row(fold.tags, tag, TAG_HELD), row(fold.tags_at_end, first + place, TAG_AT_END)
        at_end.tag, at_end.rule, at_end.by_rule = tag_name(fold, tag), held.rule, held.by_rule
        at_end.since, at_end.step, at_end.expires = held.since, held.step, held.expires


@compiled
def _sort_held_tags(fold: Fold) -> None:
    """By insertion: they are few. Their own ``place`` is not told, for nothing follows."""
    for place in range(1, fold.held):
        tag = row(fold.held_tags, place, INT64).value
        order = row(fold.order, tag, INT64).value
        hole = place
        while hole > 0:
            before = row(fold.held_tags, hole - 1, INT64).value
            if row(fold.order, before, INT64).value <= order:
                break
            row(fold.held_tags, hole, INT64).value = before
            hole -= 1
        row(fold.held_tags, hole, INT64).value = tag


@compiled
def _write_cards(fold: Fold) -> None:
    """In order of the rule's id."""
    place = fold.cards_at_end_written
    fold.cards_at_end_written += fold.open
    if fold.cards_at_end_written > fold.room_for_cards_at_end:
        return
    for number in range(fold.number_of_cards):
        card = row(fold.cards, number, CARD_HELD)
        if card.open > 0:
            at_end = row(fold.cards_at_end, place, CARD_AT_END)
            at_end.rule, at_end.kind = row(fold.card_names, number, INT64).value, card.kind
            at_end.since, at_end.until = card.since, card.until
            place += 1
