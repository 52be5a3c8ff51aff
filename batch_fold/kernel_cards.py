"""When a card opens and closes, as ``domain/journey/opportunities.py`` says."""

from batch_fold.acts import WORKED
from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_changes import close_card, open_card
from batch_fold.kernel_conditions import triggered, until_time_tells
from batch_fold.kernel_constants import ALWAYS_EXAMINE, NEVER, NONE
from batch_fold.kernel_state import CARD_HELD, INT8, INT32, TEXT, Fold
from batch_fold.rows import row
from batch_fold.tables import CARD, FAILS, VERSION


@inlined
def examine(fold: Fold) -> None:
    """``opportunities.examine``, if anything it looks at may have changed."""
    if fold.now < fold.cards_until:
        return
    version = row(fold.versions, fold.version, VERSION)
    if version.first_card < version.end_card and _examine(fold):
        fold.cards_until = ALWAYS_EXAMINE
        return
    fold.cards_until = until_time_tells(fold, version)


@compiled
def _examine(fold: Fold) -> bool:
    """Returns whether anything was done: only after nothing was may the next time be left out."""
    version = row(fold.versions, fold.version, VERSION)
    done = False
    if fold.open > 0:
        for place in range(version.first_card, version.end_card):
            rule = row(fold.opportunities, place, CARD)
            if row(fold.cards, rule.card, CARD_HELD).open > 0 and _closed_by(fold, place):
                close_card(fold, rule.card)
                done = True
    for place in range(version.first_card, version.end_card):
        rule = row(fold.opportunities, place, CARD)
        if rule.if_alone > 0:
            done |= _follow_condition(fold, place)
        elif triggered(fold, rule.when, rule.condition):
            open_card(fold, place)
            done = True
    return done


@compiled
def _closed_by(fold: Fold, place: int) -> bool:
    """``opportunities._closed_by``; the facts ``.done`` and ``.skipped`` of other journeys are no acts."""
    rule = row(fold.opportunities, place, CARD)
    if fold.fact >= 0:
        act = row(fold.act, fold.fact, INT32).value - 1
        if act >= 0 and row(fold.kinds, act, INT8).value == WORKED and row(fold.names, act, INT32).value == rule.rule:
            return True
    return rule.closes_condition != FAILS and triggered(fold, rule.closes_when, rule.closes_condition)


@compiled
def _follow_condition(fold: Fold, place: int) -> bool:
    """``opportunities._follow_condition``; returns whether anything changed."""
    rule = row(fold.opportunities, place, CARD)
    text, card = row(fold.texts, rule.text, TEXT), row(fold.cards, rule.card, CARD_HELD)
    found, before = triggered(fold, rule.when, rule.condition), text.found == fold.stay
    text.found = fold.stay if found else 0
    if found and not before:
        if card.open == 0:
            open_card(fold, place)
    elif not found and card.open > 0:
        close_card(fold, rule.card)
        return True
    return bool(found != before)


@compiled
def carry_over(fold: Fold, old: int, new: int) -> None:
    """``opportunities.carry_over``: a new version keeps the cards whose rule id it still has."""
    before, after = row(fold.versions, old, VERSION), row(fold.versions, new, VERSION)
    for place in range(before.first_card, before.end_card):
        card = row(fold.opportunities, place, CARD).card
        kept = False
        for other in range(after.first_card, after.end_card):
            kept |= row(fold.opportunities, other, CARD).card == card
        if row(fold.cards, card, CARD_HELD).open > 0 and not kept:
            close_card(fold, card)


@compiled
def first_to_end(fold: Fold) -> int:
    """The place of the open card that ends first, of two the first in the document; NONE if none does."""
    version = row(fold.versions, fold.version, VERSION)
    until, found = NEVER, NONE
    for place in range(version.first_card, version.end_card):
        card = row(fold.cards, row(fold.opportunities, place, CARD).card, CARD_HELD)
        if card.open > 0 and max(card.until, fold.now) < until:
            until, found = max(card.until, fold.now), place
    return int(found)
