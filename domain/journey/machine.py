"""A rulebook's stages as one `transitions` machine, behind typed functions."""

from enum import Enum
from typing import Any, Protocol

from transitions import Machine, State

from domain.rulebook.document import Move, Rulebook


class HasStage(Protocol):
    stage: str | None


class _Machine(Machine):
    """A stage may be called anything: the library's signs for "every state" and "the same state" mean nothing here."""

    wildcard_all = wildcard_same = ""


class StageMachine:
    """One machine for all customers of a rulebook: it is the definition, they are the models.

    No model is ever registered and no trigger is attached to one, so a customer costs nothing but its state.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self._machine = _Machine(
            model=None,
            states=list(rulebook.stage_ids),
            initial=rulebook.initial,
            auto_transitions=False,
            model_attribute="stage",
        )
        for move in rulebook.moves:
            origins: list[str | Enum | State] = [stage for stage in rulebook.stage_ids if move.leaves(stage)]
            self._machine.add_transition(_trigger(move), origins, move.to)
        self._moves = {stage: self._moves_from(rulebook, stage, timed=False) for stage in rulebook.stage_ids}
        self._timed = {
            stage: tuple(enumerate(self._moves_from(rulebook, stage, timed=True))) for stage in rulebook.stage_ids
        }
        self._rulebook = rulebook

    def moves_from(self, stage: str) -> tuple[Move, ...]:
        """The moves with ``when`` or ``if`` alone that lead out of a stage, in the order of the document."""
        return self._moves[stage]

    def timed_moves_from(self, stage: str) -> tuple[tuple[int, Move], ...]:
        """The timer moves that lead out of a stage, each with its place in the document."""
        return self._timed[stage]

    def move(self, model: HasStage, move: Move) -> None:
        """Follow a move; the machine refuses one that does not lead out of the model's stage."""
        self._machine.events[_trigger(move)].trigger(model)

    def place(self, model: HasStage, stage: str) -> None:
        """Put the model into a stage without a rule: entering, a manual move, a rename."""
        self._machine.set_state(stage, model)

    def mermaid(self, language: str = "en") -> str:
        """The stage diagram in Mermaid's language, titles in ``language`` where the rulebook has them."""
        names: dict[str | None, str] = {stage: f"s{index}" for index, stage in enumerate(self._machine.states)}
        lines = ["stateDiagram-v2"]
        for stage in self._rulebook.stages:
            title = stage.title.get(language) or stage.id
            lines.append(f'    state "{_label(title)}" as {names[stage.id]}')
        lines.append(f"    [*] --> {names[self._rulebook.initial]}")
        for move in self._rulebook.moves:
            for transition in self._machine.get_transitions(_trigger(move)):
                lines.append(f"    {names[transition.source]} --> {names[transition.dest]}: {_label(move.id)}")
        lines += [f"    {names[stage.id]} --> [*]" for stage in self._rulebook.stages if stage.final]
        return "\n".join(lines) + "\n"

    def _moves_from(self, rulebook: Rulebook, stage: str, timed: bool) -> tuple[Move, ...]:
        leading_out: dict[str, Any] = {
            name: event for name, event in self._machine.events.items() if stage in event.transitions
        }
        return tuple(
            move for move in rulebook.moves if _trigger(move) in leading_out and (move.after is not None) == timed
        )


def _trigger(move: Move) -> str:
    return f"move {move.id}"


def _label(text: str) -> str:
    """Mermaid reads quotes, colons, semicolons and line ends as its own."""
    return "".join(f"#{ord(sign)};" if sign in '#":;' else " " if sign == "\n" else sign for sign in text)
