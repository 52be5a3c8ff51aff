"""Changes of a customer, each with its step, as ``domain/journey/fold.py`` makes them."""

from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_constants import ALWAYS_EXAMINE, CLOSED, NEVER, NONE, OPENED, RENAMED, TAG_ADDED, TAG_REMOVED
from batch_fold.kernel_state import CARD_HELD, INT64, STEP, TAG_HELD, Fold
from batch_fold.kernel_words import is_set
from batch_fold.rows import row
from batch_fold.tables import CARD, VERSION


@inlined
def judging(fold: Fold) -> int:
    """``JourneyFold.version``: on the journey the one she is on, else the one in force; NONE before the first."""
    return int(fold.version if fold.version >= 0 else fold.came - 1)


@inlined
def stage_name(fold: Fold) -> int:
    """Of the stage she is in; NONE off the journey."""
    return int(row(fold.stage_names, fold.stage, INT64).value if fold.stage >= 0 else NONE)


@inlined
def judged_anew(fold: Fold) -> None:
    """Another version judges: keeps its number for the steps to come."""
    version = judging(fold)
    fold.number = row(fold.versions, version, VERSION).number if version >= 0 else NONE


@inlined
def begin_run(fold: Fold, fact: int, timer: int) -> None:
    """``_Run``; the stage she is in counts as entered."""
    fold.fact, fold.timer = fact, timer
    fold.run += 1
    if fold.stage >= 0:
        row(fold.entered, fold.stage, INT64).value = fold.run


@inlined
def changed(fold: Fold) -> None:
    """Something that any rule may look at has changed: stage rules and opportunities must be examined."""
    fold.moves_until = ALWAYS_EXAMINE
    fold.cards_until = ALWAYS_EXAMINE


@inlined
def tag_changed(fold: Fold, tag: int) -> None:
    """A tag has come or gone: what looks at it must be examined."""
    if fold.stage < 0 or tag >= fold.number_of_tags:
        return
    stage = fold.version * fold.number_of_stages + fold.stage
    if is_set(fold.tags_of_moves + stage * fold.words_of_tags * 8, tag):
        fold.moves_until = ALWAYS_EXAMINE
    if is_set(fold.tags_of_cards + fold.version * fold.words_of_tags * 8, tag):
        fold.cards_until = ALWAYS_EXAMINE


@compiled
def step(fold: Fold, kind: int, rule: int, origin: int, target: int, name: int) -> int:
    """``JourneyFold._step``, all but instant, fact and timer by name; returns its place among hers."""
    place = fold.steps_written
    fold.steps_written += 1
    if place < fold.room_for_steps:
        made = row(fold.steps, place, STEP)
        made.at, made.kind = fold.now, kind
        made.fact, made.timer, made.rule, made.version = fold.fact, fold.timer, rule, fold.number
        made.origin, made.target, made.name = origin, target, name
    return int(place - fold.steps_before)


@compiled
def arrive(fold: Fold, kind: int, stage: int, rule: int) -> None:
    """``JourneyFold._follow``, ``_place`` and ``_arrive``."""
    origin = stage_name(fold)
    fold.stage = stage
    if kind != RENAMED:
        fold.since = fold.now
        fold.rest += 1
    row(fold.entered, stage, INT64).value = fold.run
    fold.due = fold.now
    changed(fold)
    step(fold, kind, rule, origin, stage_name(fold), NONE)


# -- tags ----------------------------------------------------------------------------------------------------------


@inlined
def tag_name(fold: Fold, tag: int) -> int:
    """The place of a tag's name; tags by hand that no rule names are numbered by it."""
    tags = fold.number_of_tags
    return int(row(fold.tag_names, tag, INT64).value if tag < tags else tag - tags)


@compiled
def add_tag(fold: Fold, tag: int, by_rule: int, rule: int, expires: int) -> None:
    """``JourneyFold._add_tag``."""
    held = row(fold.tags, tag, TAG_HELD)
    held.step = step(fold, TAG_ADDED, rule, NONE, NONE, tag_name(fold, tag))
    held.since, held.by_rule, held.rule = fold.now, by_rule, rule
    row(fold.held_tags, fold.held, INT64).value = tag
    fold.held += 1
    held.place = fold.held
    expire(fold, tag, expires)
    tag_changed(fold, tag)


@inlined
def expire(fold: Fold, tag: int, expires: int) -> None:
    row(fold.tags, tag, TAG_HELD).expires = expires
    fold.due = min(fold.due, expires)


@compiled
def remove_tag(fold: Fold, tag: int, rule: int) -> None:
    """``JourneyFold._remove_tag``; the last of those held takes its place."""
    held = row(fold.tags, tag, TAG_HELD)
    if held.place == 0:
        return
    fold.held -= 1
    last = row(fold.held_tags, fold.held, INT64).value
    row(fold.held_tags, held.place - 1, INT64).value = last
    row(fold.tags, last, TAG_HELD).place = held.place
    held.place = 0
    tag_changed(fold, tag)
    step(fold, TAG_REMOVED, rule, NONE, NONE, tag_name(fold, tag))


# -- opportunities -------------------------------------------------------------------------------------------------


@compiled
def open_card(fold: Fold, place: int) -> None:
    """``opportunities._open``: opens it, or renews its time."""
    rule = row(fold.opportunities, place, CARD)
    card = row(fold.cards, rule.card, CARD_HELD)
    card.kind = rule.kind
    card.until = NEVER if rule.open_for == NEVER else fold.now + rule.open_for
    fold.due = min(fold.due, card.until)
    if card.open == 0:
        card.open, card.since = 1, fold.now
        fold.open += 1
        step(fold, OPENED, rule.rule, NONE, NONE, rule.rule)


@compiled
def close_card(fold: Fold, card: int) -> None:
    """``opportunities.close``."""
    row(fold.cards, card, CARD_HELD).open = 0
    fold.open -= 1
    name = row(fold.card_names, card, INT64).value
    step(fold, CLOSED, name, NONE, NONE, name)
