"""The ways between the stages of a rulebook: moves that never apply, stages nobody can reach or leave."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.refusals import Fault
from domain.rulebook.document import EVERY, Document


def way_findings(document: Document) -> Iterator[Fault]:
    """Findings about a document that fits the schema; unknown stages are another finding's matter."""
    stages = [stage["id"] for stage in document["stages"]]
    yield from _moves_that_never_apply(document, stages)
    ways = _ways(document, stages)
    yield from _unreachable(document, ways)
    yield from _without_way_out(document, ways)


def _moves_that_never_apply(document: Document, stages: list[str]) -> Iterator[Fault]:
    earlier: list[tuple[Document, set[str]]] = []
    for index, move in enumerate(document.get("moves", ())):
        origins = _origins(move, stages)
        required = _required_stages(move.get("if", {}))
        if not origins and move["to"] in _named(move.get("from", EVERY), stages):
            yield Fault(
                f"The move {move['id']} leads from {move['to']} to itself and never applies.", f"/moves/{index}"
            )
        elif required is not None and origins and not origins & required:
            yield Fault(
                f"The move {move['id']} never applies: its `if` asks for a stage that its `from` leaves out.",
                f"/moves/{index}/if",
            )
        else:
            winner = _always_first(move, origins, earlier)
            if winner is not None:
                yield Fault(
                    f"The move {move['id']} hardly ever applies: {winner} comes first at the same facts.",
                    f"/moves/{index}",
                    severity="warning",
                )
        earlier.append((move, origins))


def _origins(move: Document, stages: list[str]) -> set[str]:
    """The stages a move leads out of; to the stage one is in there is no move."""
    return _named(move.get("from", EVERY), stages) - {move["to"]}


def _named(names: Any, stages: list[str]) -> set[str]:
    wanted = {names} if isinstance(names, str) else set(names)
    return set(stages) if EVERY in wanted else wanted & set(stages)


def _required_stages(condition: Mapping[str, Any]) -> set[str] | None:
    """The stages of which a condition demands one; ``None`` if it may hold in any."""
    if "stage" in condition:
        return {condition["stage"]} if isinstance(condition["stage"], str) else set(condition["stage"])
    demanded = [found for found in map(_required_stages, condition.get("all", ())) if found is not None]
    return set.intersection(*demanded) if demanded else None


def _always_first(move: Document, origins: set[str], earlier: list[tuple[Document, set[str]]]) -> str | None:
    """The id of a move further up that applies, from all the same stages, at every fact at which this one could."""
    for other, others in earlier:
        if "when" in move and other.get("when") == move["when"] and "if" not in other and origins and origins <= others:
            return str(other["id"])
    return None


def _ways(document: Document, stages: list[str]) -> dict[str, set[str]]:
    """Where moves, and people as far as ``manual`` says, lead from each stage."""
    ways: dict[str, set[str]] = {stage: set() for stage in stages}
    for move in document.get("moves", ()):
        for origin in _origins(move, stages):
            ways[origin].add(move["to"])
    for manual in document.get("manual", ()):
        for origin in _named(manual.get("from", EVERY), stages):
            ways[origin] |= _named(manual["to"], stages) - {origin}
    return ways


def _unreachable(document: Document, ways: dict[str, set[str]]) -> Iterator[Fault]:
    reached: set[str] = set()
    to_visit = [stage["id"] for stage in document["stages"] if stage.get("initial")]
    while to_visit:
        stage = to_visit.pop()
        if stage not in reached:
            reached.add(stage)
            to_visit += ways.get(stage, ())
    for index, stage in enumerate(document["stages"]):
        if stage["id"] not in reached:
            yield Fault(f"No move leads to the stage {stage['id']}.", f"/stages/{index}", severity="warning")


def _without_way_out(document: Document, ways: dict[str, set[str]]) -> Iterator[Fault]:
    if len(document["stages"]) == 1:
        return
    for index, stage in enumerate(document["stages"]):
        if not ways[stage["id"]] and not stage.get("final"):
            yield Fault(
                f"No move leads out of the stage {stage['id']}; say `final: true` if that is meant.",
                f"/stages/{index}",
                severity="warning",
            )
