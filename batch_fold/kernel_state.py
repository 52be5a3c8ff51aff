"""What the compiled fold knows of one customer, and the rows it writes: the shapes.

``NONE`` and ``NEVER`` stand where the reference has ``None``. Sets that are often emptied hold stamps: a stage was
entered in this run, or a move rests, if its stamp is that of the present run, or rest; a new stamp empties the set.
"""

from typing import Any, Final

import numpy as np

from batch_fold.tables import Rules, record

Fold = Any
"""A record of the shape ``FOLD``."""

INT8: Final = np.dtype([("value", "i1")])
INT32: Final = np.dtype([("value", "i4")], align=True)
INT64: Final = np.dtype([("value", "i8")], align=True)

TAG_HELD: Final = np.dtype(
    [(name, "i8") for name in ("place", "by_rule", "rule", "since", "step", "expires")],
    align=True,
)
"""By tag: 1 + its place among those held, 0 if it is not. Tags that rules name come first, then every name there is."""

TALLIED: Final = record("number first last begin mask")
"""How many facts, and when. The instants of the last of them, as many as any condition asks for, stand in ``instants``
from ``begin`` on, that of fact n at n & ``mask``. So whether there were five in a week is seen by the fifth last alone,
and nothing need ever be forgotten.
"""

SUM: Final = record("high low")
"""It is high * 2^32 + low, for ten facts of 10^12 would be too much for 64 bits of millionths."""

TEXT: Final = np.dtype([(name, "i8") for name in ("resting", "fired", "fired_at", "found")], align=True)
"""By text of a rule: the rest in which a move rests; the stay in which a timer fired, and the anchor; the stay in which
an opportunity with ``if`` alone was last found to hold."""

CARD_HELD: Final = np.dtype([(name, "i8") for name in ("open", "kind", "since", "until")], align=True)

STEP: Final = np.dtype(
    [
        ("at", "i8"),
        *[(name, "i4") for name in ("fact", "rule", "version", "origin", "target", "name")],
        ("kind", "i1"),
        ("timer", "i1"),
    ],
    align=True,
)

TAG_AT_END: Final = np.dtype(
    [("since", "i8"), ("step", "i8"), ("expires", "i8"), ("tag", "i4"), ("rule", "i4"), ("by_rule", "i1")], align=True
)

CARD_AT_END: Final = np.dtype([("since", "i8"), ("until", "i8"), ("rule", "i4"), ("kind", "i4")], align=True)

JUDGING: Final = np.dtype([("at", "i8"), ("version", "i4")], align=True)

STANDING: Final = np.dtype(
    [
        *[(name, "i8") for name in ("taken", "since", "next_at")],
        *[(name, "i4") for name in ("stage", "rulebook", "next_rule", "steps", "tags", "cards", "judged")],
        ("next_timer", "i1"),
    ],
    align=True,
)
"""Of one customer, with the number of rows that are hers."""

WRITTEN: Final = {"steps": STEP, "tags_at_end": TAG_AT_END, "cards_at_end": CARD_AT_END, "judged": JUDGING}
"""What grows. ``steps`` is where the rows are, ``room_for_steps`` how many there may be, ``steps_written`` how many
there are; that goes on beyond the room, and then she is folded again with more."""

_FACTS: Final = (
    "starts",
    "at",
    "words",
    "amounts",
    "act",
    "kinds",
    "names",
    "holds",
    "sets",
    "verdicts",
    "as_of",
    "known",
)
_NAMES: Final = ("stage_of", "tag_of", "order")
_STATE: Final = (
    "tags",
    "held_tags",
    "tallied",
    "instants",
    "sum_of",
    "left",
    "attributes",
    "entered",
    "texts",
    "cards",
)
ADDRESSES: Final = (*Rules._fields, *_FACTS, *_NAMES, *_STATE, *WRITTEN, "standings")
SIZES: Final = (
    *("words_a_fact", "words_a_mask", "words_of_attributes", "facts"),
    *(
        "number_of_stages",
        "number_of_tags",
        "number_of_cards",
        "number_of_tallies",
        "number_of_sums",
        "number_of_windows",
    ),
    *("words_of_tags", "tagging_of_version", "tagging_blocks"),
)

FOLD: Final = np.dtype(
    [
        *[(name, "i8") for name in ADDRESSES],
        *[(name, "i8") for name in SIZES],
        *[(f"{name}_written", "i8") for name in WRITTEN],
        *[(f"room_for_{name}", "i8") for name in WRITTEN],
        *[(f"{name}_before", "i8") for name in WRITTEN],
        *[(name, "i8") for name in ("now", "since", "hold_until", "due", "due_anchor", "moves_until", "cards_until")],
        *[(name, "i8") for name in ("put", "fact", "run", "rest", "stay", "number")],
        *[(name, "i8") for name in ("stage", "version", "came", "passed", "timer", "to_be_judged", "held", "open")],
        *[(name, "i8") for name in ("due_kind", "due_rule", "due_move", "due_card")],
    ],
    align=True,
)
"""A fold in progress, as ``JourneyFold`` and its customer: tables, facts, state and rows by address, then numbers.

Facts and acts are as columns and masks have them; ``stage_of`` and ``tag_of`` say what a name of an act means here,
``order`` is the place of each tag in order of name; ``known`` is 0 if it does not matter when facts became known.
``left`` is, by window, the row of the earliest fact that it may add up; ``put`` the row after the last that is taken.
``held`` and ``open`` count tags and cards; ``number`` is that of the version that judges.

``due`` is an instant before which no timer fires; once ``next_timer`` has looked, the very next, and what it is.
Before ``moves_until`` the stage rules would find nothing, before ``cards_until`` the opportunities: nothing they look
at has changed since they last did.
"""
