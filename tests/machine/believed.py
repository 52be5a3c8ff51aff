"""The trail by its definition: what was believed at every change of belief, and just before the next (design 2.8)."""

from collections import Counter
from typing import Any

from domain.instants import Instant, rfc_3339
from tests.machine.memory import Cut, Memory

Step = dict[str, Any]


def trail(memory: Memory, customer: str, journey: str, cut: Cut, as_of: Instant) -> list[Step]:
    """The steps at or before ``as_of`` of all beliefs up to the cut, in the form of the contract."""
    steps: dict[str, tuple[Instant, int, Step]] = {}
    given_up: dict[str, Instant] = {}
    changes = memory.changes(customer, journey, cut)
    for turn, (change, position) in enumerate(changes):
        later = changes[turn + 1][0] - 1 if turn + 1 < len(changes) else cut.known_at
        for k in dict.fromkeys((change, later)):
            believed = _steps(memory.fold(customer, journey, position, k).steps)
            for identity in steps.keys() - believed.keys():
                given_up.setdefault(identity, k)
            steps |= believed
    kept = [(at, place, identity) for identity, (at, place, _) in steps.items() if at <= as_of]
    kept.sort(key=lambda one: one[:2])
    return [_shown(steps[identity][2], given_up.get(identity)) for _, _, identity in kept]


def written(steps: list[Step]) -> list[Step]:
    return [step | {"at": rfc_3339(step["at"])} for step in steps]


def _steps(steps: list[Step]) -> dict[str, tuple[Instant, int, Step]]:
    """The steps of one belief by identity, each with its instant and its place among those of that instant."""
    found: dict[str, tuple[Instant, int, Step]] = {}
    places: Counter[Instant] = Counter()
    repeated: Counter[str] = Counter()
    for step in steps:
        names = [step.get(name) for name in ("at", "kind", "from", "to", "tag", "opportunity")]
        identity = str([*names, step["cause"]["rule"]])
        found[f"{identity} {repeated[identity]}"] = step["at"], places[step["at"]], step
        repeated[identity] += 1
        places[step["at"]] += 1
    return found


def _shown(step: Step, given_up: Instant | None) -> Step:
    gone = {} if given_up is None else {"superseded_at": rfc_3339(given_up)}
    return written([step])[0] | gone
