"""Where did she stand then? over HTTP, of customers with 500 facts each; every question is about another one."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from api.sample_workspace import GROCERY
from bench.measured import Measured
from bench.question import at_share, fill, milliseconds, serving
from bench.workbench import History, Workbench
from domain.instants import rfc_3339

CUSTOMERS: Final = 150
FACTS: Final = 500
ROUNDS: Final = 3
WARM_UP: Final = 20


def measure_as_of(bench: Workbench, say: Callable[[str], None]) -> list[Measured]:
    say(f"as-of: storing {CUSTOMERS} customers with {FACTS} facts each")
    histories = [_history(bench, number) for number in range(WARM_UP + CUSTOMERS)]
    database = bench.fresh_database()
    fill(bench, database, histories)
    random = Random(FACTS)
    asked: list[list[float]] = []
    with serving(bench.home, database) as client:
        for history in histories[:WARM_UP]:
            milliseconds(client, _question(history, random))
        for turn in range(1, ROUNDS + 1):
            say(f"as-of of {FACTS} facts, {turn} of {ROUNDS}")
            asked.append([milliseconds(client, _question(history, random)) for history in histories[WARM_UP:]])
    return [
        at_share("asof500_p50_ms", f"as-of over HTTP, {FACTS} facts, p50", asked, 0.5),
        at_share("asof500_p99_ms", f"as-of over HTTP, {FACTS} facts, p99", asked, 0.99),
    ]


def _history(bench: Workbench, number: int) -> History:
    """Facts of the sample from all of its time, as if they had happened to one customer."""
    apart = len(bench.facts) // FACTS
    facts = bench.facts[number % apart :: apart][:FACTS]
    return [replace(fact, customer=f"asof-{number}", id=f"{number}-{fact.id}") for fact in facts]


def _question(history: History, random: Random) -> str:
    """At any instant of her time."""
    as_of = random.randint(history[0].occurred_at, history[-1].occurred_at)
    return f"/v1/customers/{history[0].customer}/journeys/{GROCERY}?as_of={rfc_3339(as_of)}"
