"""A step beside the rulebooks that are known: the rule that made it, and its stages and cards by their titles."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from domain.facts import Fact
from domain.instants import Duration
from domain.journey.conditions_in_words import stage_named
from domain.journey.in_force import Version, numbered
from domain.journey.phrases import named_by_title
from domain.journey.steps import Step
from domain.journey.vocabulary import Sentence
from domain.rulebook.document import Move, OpportunityRule, Rulebook, TagRule


class _Rule(Protocol):
    @property
    def id(self) -> str: ...


_R = TypeVar("_R", bound=_Rule)


@dataclass(frozen=True, slots=True)
class JudgedStep:
    """``judge`` is the version that judged, if it is known; ``rulebooks`` are all that are, the judge first."""

    step: Step
    judge: Rulebook | None
    rulebooks: tuple[Rulebook, ...]

    @property
    def fact(self) -> Fact | None:
        return self.step.cause.fact

    @property
    def tag_rule(self) -> TagRule | None:
        return _by_id(self.judge.tags, self.step.cause.rule) if self.judge is not None else None

    @property
    def move(self) -> Move | None:
        return _by_id(self.judge.moves, self.step.cause.rule) if self.judge is not None else None

    @property
    def card(self) -> OpportunityRule | None:
        return self.judge.opportunity(self.step.opportunity) if self.judge is not None else None

    @property
    def origin(self) -> Sentence:
        return self._stage(self.step.origin)

    @property
    def target(self) -> Sentence:
        return self._stage(self.step.target)

    @property
    def title(self) -> Sentence:
        """The opportunity by its title, also when the judge no longer has it."""
        rule = self.step.opportunity
        found = (rulebook.opportunity(rule) for rulebook in self.rulebooks)
        return named_by_title(next((card.title for card in found if card is not None), {}), rule or "")

    def agreed(self, length_in: Callable[[Rulebook], Duration | None]) -> Duration | None:
        """A length that a rule of an earlier version may have set: only what all versions agree on is sure."""
        lengths = {length_in(rulebook) for rulebook in self.rulebooks} - {None}
        return lengths.pop() if len(lengths) == 1 else None

    def expires_in(self, rulebook: Rulebook) -> Duration | None:
        rule = _by_id(rulebook.tags, self.step.cause.rule)
        return None if rule is None else rule.expires

    def open_for_in(self, rulebook: Rulebook) -> Duration | None:
        card = rulebook.opportunity(self.step.opportunity)
        return None if card is None else card.open_for

    def _stage(self, stage: str | None) -> Sentence:
        """A stage that is renamed or gone is called as the versions before called it."""
        knowing = next((rulebook for rulebook in self.rulebooks if stage in rulebook.stage_ids), None)
        return stage_named(knowing, stage or "")


def judged(step: Step, versions: Sequence[Version]) -> JudgedStep:
    judged_by = numbered(versions, step.cause.rulebook)
    judge = judged_by.rulebook if judged_by is not None else None
    others = [version.rulebook for version in reversed(versions) if version.rulebook is not judge]
    return JudgedStep(step, judge, (*([] if judge is None else [judge]), *others))


def _by_id(rules: Iterable[_R], rule: str | None) -> _R | None:
    return next((found for found in rules if found.id == rule), None)
