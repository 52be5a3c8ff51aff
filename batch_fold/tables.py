"""The shape of the tables: the rules of one series of versions as arrays of records, all numbers.

Stages, tags, cards, texts of rules, tallies and windows have numbers of their own in each series (a *run*), so that a
customer under one of a thousand candidates costs no more than under one alone. Only atoms and names are shared.

A trigger is two numbers: ``when``, the atom that must mean the present fact (-1: none need), and ``condition``, the
first node of what else must hold. Ranges such as ``first_move, end_move`` are half open. A place in ``masks`` is a row
of words with a bit an atom.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
"""An array of records of one of the shapes below."""


def record(names: str) -> np.dtype[np.void]:
    """The shape of a record of 64-bit numbers."""
    return np.dtype([(name, "i8") for name in names.split()], align=True)


HOLDS: Final = -1
FAILS: Final = -2

TAG: Final = 0
COUNT: Final = 1
STAGE: Final = 2
STAGE_FOR: Final = 3
ATTRIBUTE: Final = 4
SUM: Final = 5

COUNTED: Final = 0
SUMMED: Final = 1

STAGE_ENTRY: Final = 0
LAST: Final = 1
FIRST: Final = 2

NODE: Final = record("op place length window bound low bit yes no")
"""One question of a condition, and the node to go to if it holds (``yes``) or not (``no``): a node, HOLDS or FAILS.

TAG and STAGE ask whether that ``place`` is hers, ATTRIBUTE for ``bit`` of word ``place``, STAGE_FOR for a stay of a
``length``, COUNT for ``bound`` facts or more of tally ``place`` in a ``length`` (-1: ever), SUM whether sum ``place``,
of a ``window``, is ``bound`` * 2^32 + ``low`` or more.
"""

VERSION: Final = record(
    "number initial pins enter_rule enter_when enter_condition leave_rule leave_when leave_condition"
    " first_rule tagging first_card end_card cards"
    " first_count end_count first_window end_window first_length end_length"
)
"""``enter_rule`` and ``leave_rule`` are names. ``tagging`` and ``cards`` are masks: atoms that tag rules begin with,
atoms that cards look at. The counts, windows and lengths of stay are what cards look at besides."""

AHEAD: Final = record("comes judges")
"""By how many versions came: when the next one comes into force, and when the next does that judges those under way."""

STAGES: Final = record(
    "known renamed first_move end_move first_timed end_timed shortest_after"
    " moves anchors first_count end_count first_window end_window first_length end_length"
)
"""By version, then stage. ``moves`` and ``anchors`` are masks: atoms that moves out of it look at, atoms that its
timers count from. The counts, windows and lengths of stay are what moves without ``after`` look at besides."""

MOVE: Final = record("when condition to text rule if_alone anchor tally after")
"""A way out of a stage; a move with several origins has several."""

TAG_RULE: Final = record("condition tag adds rule expires")
"""``expires`` is a length; NEVER without one."""

CARD: Final = record("card rule kind text when condition if_alone closes_when closes_condition open_for")
"""An opportunity of a version. ``card`` numbers the rule's id, in order of id; ``open_for`` is NEVER without an end."""

COUNT_OF: Final = record("tally bound length")
"""A count that a condition asks for."""

SUM_OF: Final = record("window amount next")
"""Its window, its summed field, and the next sum over the same atom; -1 for none."""

WINDOW: Final = record("length atoms")
"""Of sums; ``atoms`` is the mask of those that some sum adds up in it."""


class Rules(NamedTuple):
    """One run. ``stages`` is by version and stage; words of bits are int64.

    ``tally_of`` is the tally of an atom, ``first_sum`` the first of its sums, -1 for none; rows COUNTED and SUMMED of
    ``masks`` say which atoms have any. ``most`` is, by tally, the largest number that is asked for.

    ``tag_rules_of`` has, by version and from ``first_block`` of an atom on, a bit for each tag rule that begins with
    that atom, counted from the version's ``first_rule``, in blocks of 64. ``counts_of``, ``windows_of`` and
    ``lengths_of`` hold the ranges of versions and stages. ``tags_of_moves`` (by version and stage) and
    ``tags_of_cards`` (by version) have a bit for each tag that they look at. ``stage_names``, ``tag_names`` and
    ``card_names`` are places in the program's names; ``unset`` says which predicates hold of an attribute not there.
    """

    versions: Rows
    ahead: Rows
    stages: Rows
    moves: Rows
    timed: Rows
    tag_rules: Rows
    opportunities: Rows
    nodes: Rows
    windows: Rows
    masks: NDArray[np.int64]
    tally_of: NDArray[np.int64]
    most: NDArray[np.int64]
    first_sum: NDArray[np.int64]
    sums: Rows
    first_block: NDArray[np.int64]
    tag_rules_of: NDArray[np.int64]
    counts_of: Rows
    windows_of: NDArray[np.int64]
    lengths_of: NDArray[np.int64]
    tags_of_moves: NDArray[np.int64]
    tags_of_cards: NDArray[np.int64]
    stage_names: NDArray[np.int64]
    tag_names: NDArray[np.int64]
    card_names: NDArray[np.int64]
    unset: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """``texts`` counts texts of rules; ``stage_of`` and ``tag_of`` number each name of the program, or are -1."""

    rules: Rules
    texts: int
    stage_of: NDArray[np.int32]
    tag_of: NDArray[np.int32]
