"""Conditions and tallies, as ``domain/rulebook/conditions.py`` has them."""

from batch_fold.compiled import compiled, inlined
from batch_fold.kernel_constants import NEVER, TALLIED_ATOMS
from batch_fold.kernel_state import INT64, TAG_HELD, TALLIED, Fold
from batch_fold.kernel_words import common, concerns, first_bit, is_set
from batch_fold.rows import row
from batch_fold.tables import ATTRIBUTE, COUNT, HOLDS, NODE, STAGE, STAGE_FOR, SUM, TAG, TALLY, WINDOW

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
            yes = _reaches(fold, place, asked.window, asked.bound)
        elif op == STAGE:
            yes = fold.stage == place
        elif op == ATTRIBUTE:
            yes = (row(fold.attributes, place, INT64).value >> asked.bit) & 1 != 0
        elif op == STAGE_FOR:
            yes = fold.stage >= 0 and fold.now - fold.since >= asked.bound
        elif op == SUM:
            _forget(fold, asked.window)
            tallied = row(fold.tallied, place, TALLIED)
            high = tallied.high + (tallied.low >> 32)
            yes = high > asked.bound or (high == asked.bound and tallied.low & LOW >= asked.low)
        node = asked.yes if yes else asked.no
    return node == HOLDS


@compiled
def tally(fold: Fold) -> None:
    """``JourneyFold._tally``: the present fact is counted by every tally that means it."""
    fact = fold.fact
    for word in range(fold.words_a_mask):
        bits = common(fold, fact, TALLIED_ATOMS, word)
        while bits != 0:
            atom = word * 64 + first_bit(bits)
            bits &= bits - 1
            for place in range(row(fold.first_tally, atom, INT64).value, row(fold.first_tally, atom + 1, INT64).value):
                tally_of = row(fold.tallies, place, TALLY)
                tallied = row(fold.tallied, tally_of.tally, TALLIED)
                tallied.number += 1
                tallied.last = fold.now
                tallied.first = min(tallied.first, fold.now)
                if tally_of.amount >= 0:
                    added = row(fold.amounts, tally_of.amount * fold.facts + fact, INT64).value
                    tallied.high += added >> 32
                    tallied.low += added & LOW


@inlined
def _reaches(fold: Fold, tally: int, window: int, bound: int) -> bool:
    """Whether a tally counts so many. Where too few were counted anyway nothing need be forgotten."""
    tallied = row(fold.tallied, tally, TALLIED)
    if tallied.number < bound:
        return False
    _forget(fold, window)
    return bool(tallied.number >= bound)


@inlined
def _forget(fold: Fold, window: int) -> None:
    """``Tally._forget`` for all tallies of a window: what lies before it counts no longer."""
    if window < 0:
        return
    left = row(fold.left, window, INT64).value
    before = fold.now - row(fold.windows, window, WINDOW).length
    if left < fold.put and row(fold.at, left, INT64).value < before:
        _forget_facts(fold, window, before)


@compiled
def _forget_facts(fold: Fold, window: int, before: int) -> None:
    """Leaves ``left`` at the earliest fact that the window counts."""
    atoms = row(fold.windows, window, WINDOW).atoms
    fact = _first_concerned(fold, row(fold.left, window, INT64).value, atoms)
    while fact < fold.put and row(fold.at, fact, INT64).value < before:
        _forget_fact(fold, window, fact)
        fact = _first_concerned(fold, fact + 1, atoms)
    row(fold.left, window, INT64).value = fact


@inlined
def _first_concerned(fold: Fold, fact: int, atoms: int) -> int:
    """The first of her facts from one on that is meant by an atom, or the row after the last that is tallied."""
    while fact < fold.put and not concerns(fold, fact, atoms):
        fact += 1
    return fact


@compiled
def _forget_fact(fold: Fold, window: int, fact: int) -> None:
    for word in range(fold.words_a_mask):
        bits = common(fold, fact, row(fold.windows, window, WINDOW).atoms, word)
        while bits != 0:
            atom = word * 64 + first_bit(bits)
            bits &= bits - 1
            for place in range(row(fold.first_tally, atom, INT64).value, row(fold.first_tally, atom + 1, INT64).value):
                tally_of = row(fold.tallies, place, TALLY)
                if tally_of.window != window:
                    continue
                tallied = row(fold.tallied, tally_of.tally, TALLIED)
                tallied.number -= 1
                if tally_of.amount >= 0:
                    taken = row(fold.amounts, tally_of.amount * fold.facts + fact, INT64).value
                    tallied.high -= taken >> 32
                    tallied.low -= taken & LOW


@inlined
def until_time_tells(fold: Fold, first_window: int, end_window: int, first_length: int, end_length: int) -> int:
    """The first instant after now at which a window loses a fact or a stay reaches a length."""
    if first_window == end_window and first_length == end_length:
        return int(NEVER)
    return _until_time_tells(fold, first_window, end_window, first_length, end_length)


@compiled
def _until_time_tells(fold: Fold, first_window: int, end_window: int, first_length: int, end_length: int) -> int:
    until = NEVER
    for place in range(first_window, end_window):
        window = row(fold.windows_of, place, INT64).value
        length = row(fold.windows, window, WINDOW).length
        _forget_facts(fold, window, fold.now - length)
        left = row(fold.left, window, INT64).value
        if left < fold.put:
            until = min(until, row(fold.at, left, INT64).value + length + 1)
    for place in range(first_length, end_length):
        reached = fold.since + row(fold.lengths_of, place, INT64).value
        if reached > fold.now:
            until = min(until, reached)
    return int(until)
