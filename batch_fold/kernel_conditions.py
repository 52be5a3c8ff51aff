"""Conditions and tallies, as ``domain/rulebook/conditions.py`` has them."""

from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_constants import COUNTED_ATOMS, NEVER, SUMMED_ATOMS
from batch_fold.kernel_state import INT64, TAG_HELD, TALLIED, Fold
from batch_fold.kernel_state import SUM as SUM_HELD
from batch_fold.kernel_words import common, concerns, first_bit, is_set
from batch_fold.rows import row
from batch_fold.tables import ATTRIBUTE, COUNT, COUNT_OF, HOLDS, NODE, STAGE, STAGE_FOR, SUM, SUM_OF, TAG, WINDOW

LOW = (1 << 32) - 1


@inlined
def triggered(fold: Fold, when: int, condition: int) -> bool:
    """``Trigger.holds``."""
    return met(fold, when) and (condition == HOLDS or holds(fold, condition))


@inlined
def met(fold: Fold, when: int) -> bool:
    """Whether the present fact is meant by an atom; -1 asks for none."""
    if when < 0:
        return True
    return fold.fact >= 0 and is_set(fold.words + fold.fact * fold.words_a_fact * 8, when)


@compiled
def holds(fold: Fold, condition: int) -> bool:
    """``Condition.holds``: goes from question to question until the answer is known."""
    node = condition
    while node >= 0:
        asked = row(fold.nodes, node, NODE)
        op, place = asked.op, asked.place
        yes = False
        if op == TAG:
            yes = row(fold.tags, place, TAG_HELD).place > 0
        elif op == COUNT:
            yes = _counts(fold, asked)
        elif op == STAGE:
            yes = fold.stage == place
        elif op == ATTRIBUTE:
            yes = (row(fold.attributes, place, INT64).value >> asked.bit) & 1 != 0
        elif op == STAGE_FOR:
            yes = fold.stage >= 0 and fold.now - fold.since >= asked.length
        elif op == SUM:
            yes = _adds_up(fold, asked)
        node = asked.yes if yes else asked.no
    return node == HOLDS


# -- counts --------------------------------------------------------------------------------------------------------


@inlined
def tally(fold: Fold) -> None:
    """``JourneyFold._tally``: the present fact is counted, and added up, by all that mean it."""
    for word in range(fold.words_a_mask):
        bits = common(fold, fold.fact, COUNTED_ATOMS, word)
        while bits != 0:
            _put(fold, row(fold.tally_of, word * 64 + first_bit(bits), INT64).value)
            bits &= bits - 1
    if concerns(fold, fold.fact, SUMMED_ATOMS):
        _add_up(fold)


@inlined
def _put(fold: Fold, tally: int) -> None:
    """``Tally.put``."""
    tallied = row(fold.tallied, tally, TALLIED)
    row(fold.instants, tallied.begin + (tallied.number & tallied.mask), INT64).value = fold.now
    tallied.number += 1
    tallied.first = min(tallied.first, fold.now)
    tallied.last = fold.now


@inlined
def _counts(fold: Fold, asked: Fold) -> bool:
    """``Counted``: whether there were so many, the earliest of the last so many not before the window."""
    tallied = row(fold.tallied, asked.place, TALLIED)
    return bool(
        tallied.number >= asked.bound
        and (asked.length < 0 or _instant(fold, tallied, asked.bound) >= fold.now - asked.length)
    )


@inlined
def _instant(fold: Fold, tallied: Fold, back: int) -> int:
    """When the last fact, the one before it ... was; there are so many."""
    return int(row(fold.instants, tallied.begin + ((tallied.number - back) & tallied.mask), INT64).value)


# -- sums ----------------------------------------------------------------------------------------------------------


@compiled
def _add_up(fold: Fold) -> None:
    for word in range(fold.words_a_mask):
        bits = common(fold, fold.fact, SUMMED_ATOMS, word)
        while bits != 0:
            place = row(fold.first_sum, word * 64 + first_bit(bits), INT64).value
            bits &= bits - 1
            while place >= 0:
                total, added = row(fold.sum_of, place, SUM_HELD), _amount(fold, place, fold.fact)
                total.high += added >> 32
                total.low += added & LOW
                place = row(fold.sums, place, SUM_OF).next


@inlined
def _amount(fold: Fold, place: int, fact: int) -> int:
    """What a fact adds to a sum, in millionths."""
    return int(row(fold.amounts, row(fold.sums, place, SUM_OF).amount * fold.facts + fact, INT64).value)


@compiled
def _adds_up(fold: Fold, asked: Fold) -> bool:
    """``Summed``, one bound of it."""
    if asked.window >= 0:
        _forget(fold, asked.window)
    total = row(fold.sum_of, asked.place, SUM_HELD)
    high = total.high + (total.low >> 32)
    return bool(high > asked.bound or (high == asked.bound and total.low & LOW >= asked.low))


@compiled
def _forget(fold: Fold, window: int) -> None:
    """``Tally._forget``: what lies before a window is added up no longer. Leaves ``left`` at its earliest fact."""
    atoms = row(fold.windows, window, WINDOW).atoms
    before = fold.now - row(fold.windows, window, WINDOW).length
    fact = _first_concerned(fold, row(fold.left, window, INT64).value, atoms)
    while fact < fold.put and row(fold.at, fact, INT64).value < before:
        _forget_fact(fold, window, fact)
        fact = _first_concerned(fold, fact + 1, atoms)
    row(fold.left, window, INT64).value = fact


@inlined
def _first_concerned(fold: Fold, fact: int, atoms: int) -> int:
    """The first of her facts from one on that is meant by an atom, or the row after the last that is taken."""
    while fact < fold.put and not concerns(fold, fact, atoms):
        fact += 1
    return fact


@compiled
def _forget_fact(fold: Fold, window: int, fact: int) -> None:
    for word in range(fold.words_a_mask):
        bits = common(fold, fact, row(fold.windows, window, WINDOW).atoms, word)
        while bits != 0:
            place = row(fold.first_sum, word * 64 + first_bit(bits), INT64).value
            bits &= bits - 1
            while place >= 0:
                if row(fold.sums, place, SUM_OF).window == window:
                    total, taken = row(fold.sum_of, place, SUM_HELD), _amount(fold, place, fact)
                    total.high -= taken >> 32
                    total.low -= taken & LOW
                place = row(fold.sums, place, SUM_OF).next


# -- time ----------------------------------------------------------------------------------------------------------


@inlined
def until_time_tells(fold: Fold, looks_at: Fold) -> int:
    """The first instant after now at which a window loses a fact that matters or a stay reaches a length.

    ``looks_at`` has the ranges: a version's of its cards, or a stage's of its moves.
    """
    until = NEVER
    for place in range(looks_at.first_count, looks_at.end_count):
        until = min(until, _count_ends(fold, row(fold.counts_of, place, COUNT_OF)))
    for place in range(looks_at.first_window, looks_at.end_window):
        until = min(until, _window_moves(fold, row(fold.windows_of, place, INT64).value))
    for place in range(looks_at.first_length, looks_at.end_length):
        reached = fold.since + row(fold.lengths_of, place, INT64).value
        until = min(until, reached if reached > fold.now else NEVER)
    return int(until)


@inlined
def _count_ends(fold: Fold, asked: Fold) -> int:
    """When there are no longer so many in the window; if there are not now, only a fact can change that."""
    tallied = row(fold.tallied, asked.tally, TALLIED)
    if tallied.number < asked.bound:
        return int(NEVER)
    ends = _instant(fold, tallied, asked.bound) + asked.length + 1
    return int(ends if ends > fold.now else NEVER)


@compiled
def _window_moves(fold: Fold, window: int) -> int:
    _forget(fold, window)
    left = row(fold.left, window, INT64).value
    if left >= fold.put:
        return int(NEVER)
    return int(row(fold.at, left, INT64).value + row(fold.windows, window, WINDOW).length + 1)
