"""`make bench-workspace`: how long questions to a living sample of many customers take over HTTP, beside a no-op."""

import os
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final
from uuid import UUID, uuid4

import httpx
from rich.console import Console

from api.course_sales.diary import JOURNEY
from api.course_sales.world import World
from api.embedded_postgres import EmbeddedPostgres
from api.sample_workspace import load_course_sales, yesterday
from api.settings import Settings
from api.wiring import Service, service
from api.worker import now
from bench.measured import Measured, ratio, table, write
from bench.question import at_share, milliseconds, serving
from domain.instants import SECOND, rfc_3339
from event_log.connections import open_pool
from event_log.followers import Followers
from projections.board import Wanted
from projections.journeys import JourneysProjection

FILE: Final = Path(".bench") / "workspace.json"
DAYS: Final = 60
ROUNDS: Final = 3
QUESTIONS: Final = 150
LONGEST: Final = 3600.0

Question = Callable[[random.Random], str]


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    progress = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="trailbook-bench-") as folder:
        # The account that Postgres runs under must be able to enter it.
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        with EmbeddedPostgres(home) as server:
            with service(Settings(home=home), server.conninfo) as wired:
                taken, questions = _filled(wired, server.conninfo, customers, progress.print)
            with serving(home, server.conninfo) as client:
                taken += _asked(client, questions, progress.print)
    Console().print(table(taken))
    write(taken, FILE)


def _filled(
    wired: Service, conninfo: str, customers: int, say: Callable[..., None]
) -> tuple[list[Measured], dict[str, Question]]:
    world = World(customers, DAYS, 1, yesterday(wired.log.reading.now()))
    generated = _generated(world, say)
    begun = perf_counter()
    loaded = load_course_sales(wired, world, lambda text: say(text))
    stored = perf_counter() - begun
    say("deriving where they stand")
    pool = open_pool(conninfo, size=2, statement_timeout=LONGEST, idle_in_transaction=LONGEST)
    projections = {JourneysProjection.name: JourneysProjection(wired.log.reading, os.urandom)}
    try:
        follower = Followers(pool, wired.log.reading, projections, uuid4(), now)
        begun = perf_counter()
        while follower.step():
            pass
        derived = perf_counter() - begun
        follower.give_back()
    finally:
        pool.close()
    taken = [
        *generated,
        Measured("facts", "facts of the sample", "", [loaded.accepted]),
        Measured("stored_per_s", "stored", "facts/s", [loaded.accepted / stored]),
        Measured("derived_per_s", "derived: standing, trail, opportunities", "facts/s", [loaded.accepted / derived]),
    ]
    return taken, _questions(wired, world)


def _generated(world: World, say: Callable[..., None]) -> list[Measured]:
    """How quickly the sample is made, and how much of it is learned of late or twice, from a part of its customers."""
    say("generating")
    part = replace(world, customers=min(world.customers, 2000))
    begun = perf_counter()
    learned = list(part.learned())
    seconds = perf_counter() - begun
    again = sum(one.again for one in learned)
    late = sum(not one.in_time and not one.again for one in learned)
    return [
        Measured("generated_per_s", "generated", "facts/s", [len(learned) / seconds]),
        Measured("facts_per_customer", "facts a customer", "", [(len(learned) - again) / part.customers]),
        Measured("late_percent", "learned of late", "%", [100 * late / len(learned)]),
        Measured("repeated_percent", "delivered twice", "%", [100 * again / len(learned)]),
    ]


def _questions(wired: Service, world: World) -> dict[str, Question]:
    """By name, each with customers, sellers and days drawn anew."""
    some = wired.board.customers(Wanted(journey=JOURNEY), UUID(int=0), 2000)
    listed = [found.customer for found in some]
    sellers = sorted({standing["staff"] for found in some for standing in found.standings if standing["staff"]})
    now = wired.log.reading.now()

    def customer(rng: random.Random) -> str:
        return f"/v1/customers/{rng.choice(listed)}/journeys/{JOURNEY}"

    def day(rng: random.Random) -> str:
        return rfc_3339(rng.randrange(world.start, world.end))[:10]

    shown = rfc_3339(now - SECOND)
    of_seller = f"/v1/opportunities?journey={JOURNEY}&staff="
    return {
        "stage": customer,
        "stage_as_of": lambda rng: f"{customer(rng)}?as_of={day(rng)}T12:00:00Z",
        "trail": lambda rng: f"{customer(rng)}/trail",
        "day_list": lambda rng: of_seller + rng.choice(sellers),
        "past_day": lambda rng: f"{of_seller}{rng.choice(sellers)}&on={day(rng)}",
        "as_shown": lambda rng: f"{of_seller}{rng.choice(sellers)}&on={day(rng)}&known_at={shown}",
        "board": lambda rng: f"/v1/journeys/{JOURNEY}/board",
    }


def _asked(client: httpx.Client, questions: dict[str, Question], say: Callable[..., None]) -> list[Measured]:
    taken: list[Measured] = []
    for name, question in questions.items():
        say(f"{name}, {ROUNDS} x {QUESTIONS} times")
        rng = random.Random(name)
        for _ in range(10):
            milliseconds(client, question(rng))
        asked, nothing = [], []
        for _ in range(ROUNDS):
            pairs = [(milliseconds(client, question(rng)), milliseconds(client, "/livez")) for _ in range(QUESTIONS)]
            asked.append([one for one, _ in pairs])
            nothing.append([other for _, other in pairs])
        p99 = at_share(f"{name}_p99_ms", f"{name}, p99", asked, 0.99)
        noop = at_share("noop_p99_ms", "no-op, p99", nothing, 0.99)
        taken += [at_share(f"{name}_p50_ms", f"{name}, p50", asked, 0.5), p99]
        taken += [ratio(f"{name}_p99_vs_noop", f"{name} / no-op, p99", p99, noop)]
    return taken


if __name__ == "__main__":
    main()
