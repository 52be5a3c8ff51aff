"""Followers for tests: all partitions held by one number, so that each new one goes on at once."""

import os
from typing import Final
from uuid import UUID

from api.worker import now
from event_log.connections import Pool
from event_log.follower import PAGE
from event_log.followers import Followers
from event_log.reading import Reading
from projections.journeys import JourneysProjection

HOLDER: Final = UUID(int=0xF0110)


def followers(pool: Pool, log: Reading, page: int = PAGE, holder: UUID = HOLDER) -> Followers:
    """Just started."""
    journeys = JourneysProjection(log, os.urandom)
    started = Followers(pool, log, {journeys.name: journeys}, holder, now, page=page)
    started.begin()
    return started


def follow(pool: Pool, log: Reading, page: int = PAGE) -> None:
    """Everything known and everything due is worked."""
    started = followers(pool, log, page)
    while started.step():
        pass
