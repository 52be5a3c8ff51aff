"""Columns and masks made fact by fact, straight from what the domain says, and answers as the domain's objects.

Slow and plain: what the column-wise masks and the compiled fold are compared with.
"""

from collections.abc import Sequence

import numpy as np

from batch_fold.acts import NO_HOLD, PROFILE, STAGE_SET, TAG_ADDED, TAG_REMOVED, WORKED, Acts
from batch_fold.columns import Columns
from batch_fold.folds import NONE
from batch_fold.masks import Masks
from batch_fold.program import Program
from domain.facts import Fact
from domain.instants import duration
from domain.refusals import NotADuration
from domain.rulebook.conditions import millionths

WORD = 64


def plain_columns(histories: Sequence[Sequence[Fact]]) -> Columns:
    """Instants alone; fields are looked up in the facts."""
    facts = [fact for history in histories for fact in history]
    return Columns(
        starts=np.cumsum([0, *map(len, histories)], dtype=np.int64),
        at=np.array([fact.occurred_at for fact in facts], np.int64),
        types=np.zeros(len(facts), np.int32),
        type_names=("*",),
        fields={},
        attributes={},
    )


def plain_masks(histories: Sequence[Sequence[Fact]], program: Program) -> Masks:
    facts = [fact for history in histories for fact in history]
    names = {name: place for place, name in enumerate(program.names)}
    acts: list[tuple[int, int, int, list[int], list[int]]] = []
    act = np.zeros(len(facts), np.int32)
    words = np.zeros((len(facts), -(-len(program.atoms) // WORD)), np.uint64)
    amounts = np.zeros((len(program.amounts), len(facts)), np.int64)
    for row, fact in enumerate(facts):
        found = [
            place
            for place, atom in enumerate(program.atoms)
            if atom.matches(fact) and (atom.summed is None or millionths(fact.data.get(atom.summed)) is not None)
        ]
        words[row] = _words(found, words.shape[1])
        for place, field in enumerate(program.amounts):
            amounts[place, row] = millionths(fact.data.get(field)) or 0
        done = _act(fact, program, names)
        if done is not None:
            acts.append(done)
            act[row] = len(acts)
    width = -(-len(program.attributes) // WORD)
    return Masks(
        words=words,
        amounts=amounts,
        act=act,
        acts=Acts(
            kind=np.array([one[0] for one in acts], np.int8),
            name=np.array([one[1] for one in acts], np.int32),
            hold=np.array([one[2] for one in acts], np.int64),
            sets=np.array([_words(one[3], width) for one in acts], np.uint64).reshape(len(acts), width),
            verdict=np.array([_words(one[4], width) for one in acts], np.uint64).reshape(len(acts), width),
        ),
        names=tuple(names),
    )


def _words(bits: Sequence[int], width: int) -> list[int]:
    return [sum(1 << bit % WORD for bit in bits if bit // WORD == word) for word in range(width)]


def _act(fact: Fact, program: Program, names: dict[str, int]) -> tuple[int, int, int, list[int], list[int]] | None:
    data = fact.data

    def place(name: str) -> int:
        return names.setdefault(name, len(names))

    match fact.type:
        case "profile.changed":
            attributes = data.get("attributes")
            if not isinstance(attributes, dict):
                return None
            named = [place for place, (name, _) in enumerate(program.attributes) if name in attributes]
            verdicts = [
                place for place in named if program.attributes[place][1].holds(attributes[program.attributes[place][0]])
            ]
            return PROFILE, NONE, NO_HOLD, named, verdicts
        case "tag.added" | "tag.removed":
            tag = data.get("tag")
            kind = TAG_ADDED if fact.type == "tag.added" else TAG_REMOVED
            return (kind, place(tag), NO_HOLD, [], []) if isinstance(tag, str) and tag else None
        case "stage.set":
            stage, hold = data.get("stage"), data.get("hold")
            if data.get("journey") != program.journey or not isinstance(stage, str):
                return None
            try:
                length = NO_HOLD if hold is None else duration(hold) if isinstance(hold, str) else None
            except NotADuration:
                return None
            return None if length is None else (STAGE_SET, place(stage), length, [], [])
        case "opportunity.done" | "opportunity.skipped":
            rule = data.get("rule")
            if data.get("journey") != program.journey or not isinstance(rule, str):
                return None
            return WORKED, place(rule), NO_HOLD, [], []
    return None
