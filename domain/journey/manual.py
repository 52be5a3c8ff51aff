"""Manual moves: may this move be made, by what is known of the customer?"""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import rfc_3339
from domain.journey.fold import fold
from domain.journey.in_force import Version, judging, numbered
from domain.journey.steps import Standing
from domain.refusals import MoveNotAllowed, NoSuchStage, OffTheJourney, StageChanged
from domain.rulebook.document import Rulebook


def met_by(asked: Fact, known: Iterable[Fact], versions: Sequence[Version]) -> Standing:
    """Where the customer stands when a fact arrives: all before its instant has happened, all due before it is done."""
    before = asked.occurred_at - 1
    return fold(in_fold_order(known, before), versions, before).standing


def refuse_unfit_move(move: Fact, known: Iterable[Fact], versions: Sequence[Version]) -> None:
    """Pass a ``stage.set`` whose data has ``journey``, ``from`` and ``stage``; ``versions`` are of its journey.

    Raises ``NoSuchStage``; ``OffTheJourney``, ``StageChanged`` and ``MoveNotAllowed`` with where she stands instead.
    To the present stage is no move, hence never forbidden.
    """
    standing = met_by(move, known, versions)
    rulebook = (numbered(versions, standing.rulebook) or judging(versions, move.occurred_at)).rulebook
    origin, target = move.data["from"], move.data["stage"]
    if target not in rulebook.stage_ids:
        raise NoSuchStage(f"It has {', '.join(rulebook.stage_ids)}.")
    present = {"standing": standing_json(move, standing)}
    if standing.stage is None:
        raise OffTheJourney(present=present)
    if standing.stage != origin:
        raise StageChanged(f"It is {standing.stage} now.", present=present)
    if target != origin and not allows(rulebook, origin, target):
        raise MoveNotAllowed(f"From {origin} to {target}.", present=present)


def allows(rulebook: Rulebook, origin: str, target: str) -> bool:
    """Whether people may make this move; without a word on it they may make any."""
    return rulebook.manual is None or any(
        (move.origins is None or origin in move.origins) and (move.targets is None or target in move.targets)
        for move in rulebook.manual
    )


def standing_json(move: Fact, standing: Standing) -> dict[str, Any]:
    """Where the mover's customer stands, in the form of the contract."""
    return {
        "customer": move.customer,
        "journey": move.data["journey"],
        **standing.as_json(),
        "as_of": rfc_3339(move.occurred_at),
    }
