"""The worker goes on whatever its first or any later step stumbles over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api import worker
from api.settings import Settings
from api.wiring import Service
from domain.refusals import StoreAway
from event_log.followers import Followers
from tests.faults.senders import a_fact
from tests.faults.waiting import seconds_until
from tests.faults.working import is_followed, working
from tests.projections.fresh import assert_rows_are_a_fresh_fold


@pytest.mark.parametrize("method", ["begin", "step"])
@pytest.mark.parametrize("error", [StoreAway, ZeroDivisionError])
def test_it_tries_again(
    wired: Service,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    error: type[Exception],
) -> None:
    wired.log.intake.append([[a_fact("1", 1)]])
    failures = failing_twice(monkeypatch, method, error)
    monkeypatch.setattr(worker, "IDLE", 0.01)

    with working(Settings(home=tmp_path, database_url=SecretStr(database))):
        seconds_until(lambda: is_followed(wired))

    assert failures == [error, error]
    assert assert_rows_are_a_fresh_fold(database, wired.log) == 1


def failing_twice(monkeypatch: pytest.MonkeyPatch, method: str, error: type[Exception]) -> list[type[Exception]]:
    """Of all followers together; returns the failures that have come to pass."""
    failures: list[type[Exception]] = []
    real: Callable[..., Any] = getattr(Followers, method)

    def failing(follower: Followers, *told: Any) -> Any:
        if len(failures) < 2:
            failures.append(error)
            raise error()
        return real(follower, *told)

    monkeypatch.setattr(Followers, method, failing)
    return failures
