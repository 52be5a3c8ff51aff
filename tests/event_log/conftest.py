"""A log on a fresh database."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from event_log.connections import Pool, open_pool
from event_log.log import EventLog, open_log
from tests.event_log.given import MASTER_KEY


@pytest.fixture
def pool(database: str) -> Iterator[Pool]:
    pool = open_pool(database)
    yield pool
    pool.close()


@pytest.fixture
def log(pool: Pool) -> EventLog:
    return open_log(pool, MASTER_KEY, uuid4, os.urandom, {})
