"""Rebuilds from zero of standing, trail and opportunities: from the archive, beside followers who read the log."""

import os
from collections.abc import Callable
from contextlib import closing
from time import perf_counter, sleep
from typing import Final
from uuid import uuid4

from api.settings import Settings
from api.wiring import archive_in, archive_of, filled_from_archive, master_key, wired_log
from api.worker import follower_pool, now
from bench.lived_log import lived_log
from bench.measured import Measured, ratio
from bench.workbench import Workbench
from event_log.connections import Pool
from event_log.followers import Followers
from event_log.operating import Operating
from event_log.reading import Reading
from projections.journeys import JourneysProjection
from projections.rebuild import Rebuild

MOST_FACTS: Final = 1_000_000
LATE: Final = 0.016
LONGEST: Final = 10.0
"""Seconds in which followers show how fast they are: all of it would take them many minutes."""
GLANCE: Final = 0.02


def measure_rebuild(bench: Workbench, facts: int, say: Callable[[str], None]) -> list[Measured]:
    """Of a log in order, and of one with some facts late."""
    taken: list[Measured] = []
    for late, key, said in ((0.0, "", "all in order"), (LATE, "_late", f"{LATE:.1%} late")):
        taken += _measured(bench, min(facts, MOST_FACTS), late, key, said, say)
    return taken


def _measured(
    bench: Workbench, facts: int, late: float, key: str, said: str, say: Callable[[str], None]
) -> list[Measured]:
    database = lived_log(bench, facts, late, say)
    settings = Settings(home=bench.home)
    with closing(follower_pool(database)) as pool:
        log = wired_log(pool, master_key(bench.home))
        say("archiving it")
        archive_of(pool, log, archive_in(settings)).rebuild()
        say(f"rebuilding, {said}")
        filling = JourneysProjection(log.reading, os.urandom, filled_from_archive(pool, log, archive_in(settings)))
        built, switched = _rebuilt(pool, log.reading, filling)
        say(f"followed for {LONGEST:.0f} s, {said}")
        following = JourneysProjection(log.reading, os.urandom)
        followed = _followed(pool, log.reading, following)
    at_once = Measured(f"rebuild{key}_facts_per_s", f"rebuilt from the archive, {said}", "facts/s", [facts / built])
    by_followers = Measured(f"followed{key}_facts_per_s", f"rebuilt by followers, {said}", "facts/s", [followed])
    return [
        at_once,
        by_followers,
        ratio(f"rebuild{key}_vs_followers", f"from the archive / by followers, {said}", at_once, by_followers),
        Measured(f"rebuild{key}_s", f"{facts:,} facts, with comparison and switch", "s", [switched]),
    ]


def _rebuilt(pool: Pool, log: Reading, journeys: JourneysProjection) -> tuple[float, float]:
    """Seconds until the new version has all that is in the log, and until it is live."""
    followers, rebuild = _followers(pool, log, journeys), Rebuild(pool, log, journeys)
    # The live version is empty here, and is to stay so: only the other one is built.
    Operating(pool).pause(journeys.name)
    try:
        begun = perf_counter()
        rebuild.begin()
        while followers.step():
            pass
        built = perf_counter() - begun
        while rebuild.finish_if_ready() is None:
            followers.step()
            sleep(GLANCE)
        return built, perf_counter() - begun
    finally:
        followers.give_back()


def _followed(pool: Pool, log: Reading, journeys: JourneysProjection) -> float:
    """Positions a second of all partitions together."""
    followers, rebuild = _followers(pool, log, journeys), Rebuild(pool, log, journeys)
    try:
        version = rebuild.begin()
        begun = perf_counter()
        while followers.step() and perf_counter() - begun < LONGEST:
            pass
        return rebuild.progress(version).position / (perf_counter() - begun)
    finally:
        followers.give_back()


def _followers(pool: Pool, log: Reading, journeys: JourneysProjection) -> Followers:
    return Followers(pool, log, {journeys.name: journeys}, uuid4(), now)
