"""A follower that is never told of writes looks for itself: nothing waits longer than a second."""

import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from api import worker
from api.settings import Settings
from api.wiring import Service
from tests.faults.senders import a_fact
from tests.faults.waiting import seconds_until
from tests.faults.working import is_followed, working

SOON = 1.0


class Deaf:
    """Nobody rings."""

    def __init__(self, conninfo: str) -> None:
        pass

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        pass


def test_without_notifications_the_rows_follow_within_a_second(
    wired: Service, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "Bell", Deaf)
    with working(Settings(home=tmp_path, database_url=SecretStr(database))):
        seconds_until(lambda: is_followed(wired))
        waits = []
        for turn in range(5):
            wired.log.intake.append([[a_fact(str(turn), turn)]])
            waits.append(seconds_until(lambda: is_followed(wired)))

    assert sorted(waits)[len(waits) // 2] < SOON, waits
