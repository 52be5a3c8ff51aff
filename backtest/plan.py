"""What a backtest measures, made once: the same for every part of the customers, wherever it is worked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backtest.local_days import LocalDays, local_days
from backtest.question import Question, Run, runs_of
from batch_fold.columns import Needs
from batch_fold.program import Program, program_of
from domain.journey.in_force import Version
from domain.refusals import Fault, NotUnderstood

ASSIGNING: Final = ("staff.assigned", "contact.added")
SNOOZED: Final = "opportunity.snoozed"

_OF_THE_BOARD: Final[Mapping[str, frozenset[str]]] = {
    "staff": frozenset(ASSIGNING),
    **dict.fromkeys(("journey", "rule", "until"), frozenset({SNOOZED})),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """``stages`` and ``kinds`` (of cards) are those of all runs. Parts count by their places, and by places in
    ``program.names``; ``off``, the place after the last stage, is off the journey."""

    question: Question
    runs: tuple[Run, ...]
    program: Program
    needs: Needs
    days: LocalDays
    stages: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def off(self) -> int:
        return len(self.stages)


def plan_of(question: Question, published: Sequence[Version]) -> Plan:
    """Raises ``NotUnderstood`` if the published versions are of another journey."""
    if any(version.rulebook.journey != question.journey for version in published):
        raise NotUnderstood(faults=[Fault(f"The candidate is of the journey {question.journey}.", "/journey")])
    runs = runs_of(question, published)
    rulebooks = [version.rulebook for run in runs for version in run]
    program = program_of(runs)
    return Plan(
        question,
        runs,
        program,
        with_needs_of_the_board(program.needs),
        local_days(question.since, question.until, ZoneInfo(question.rulebook.timezone)),
        tuple(dict.fromkeys(stage for rulebook in rulebooks for stage in rulebook.stage_ids)),
        tuple(dict.fromkeys(rule.kind for rulebook in rulebooks for rule in rulebook.opportunities)),
    )


def with_needs_of_the_board(needs: Needs) -> Needs:
    """Whose a customer is, and what was snoozed."""
    fields = dict(needs.fields)
    for name, types in _OF_THE_BOARD.items():
        before = fields.get(name, frozenset())
        fields[name] = None if before is None else before | types
    return Needs(fields, needs.attributes)


def stage_places(plan: Plan) -> NDArray[np.int64]:
    """The place in ``plan.stages`` of each of the program's names, which off the journey is that of no stage too; one
    more entry, found by -1, is off the journey."""
    places = {stage: place for place, stage in enumerate(plan.stages)}
    return np.array([*(places.get(name, plan.off) for name in plan.program.names), plan.off], np.int64)


def kinds_of_cards(plan: Plan, run: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of a run's versions in ascending order, and (versions x names of the program) the place in
    ``plan.kinds`` of the kind that each gives an opportunity; -1 where it has none of that id."""
    versions = sorted(plan.runs[run], key=lambda version: version.number)
    places = {name: place for place, name in enumerate(plan.program.names)}
    kinds = np.full((len(versions), len(places)), -1, np.int64)
    for row, version in enumerate(versions):
        for rule in version.rulebook.opportunities:
            kinds[row, places[rule.id]] = plan.kinds.index(rule.kind)
    return np.array([version.number for version in versions], np.int64), kinds
