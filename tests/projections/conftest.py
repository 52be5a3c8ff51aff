"""A world on a fresh database."""

from collections.abc import Iterator

import pytest

from tests.projections.world import World, world_in


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with world_in(database) as world:
        yield world
