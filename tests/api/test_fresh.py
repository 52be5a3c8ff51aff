"""What is remembered for a second: asked once, never older, gone at once when somebody says so."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from api.fresh import Fresh
from domain.refusals import StoreAway


class Source:
    """Counts how often it is read, and says it as its value."""

    def __init__(self) -> None:
        self.reads = 0
        self.away = False
        self.meanwhile: Callable[[], None] | None = None

    def read(self, key: str) -> str | None:
        if self.away:
            raise StoreAway()
        self.reads += 1
        value = f"{key} {self.reads}"
        if self.meanwhile is not None:
            self.meanwhile()
        return None if key == "nobody" else value


def test_it_is_read_once_and_again_when_it_is_old() -> None:
    source = Source()
    fresh = Fresh(source.read, lasts=0.05)
    assert [fresh.get("a"), fresh.get("a"), fresh.get("b")] == ["a 1", "a 1", "b 2"]
    time.sleep(0.05)
    assert fresh.get("a") == "a 3"


def test_nothing_is_never_remembered() -> None:
    source = Source()
    fresh = Fresh(source.read)
    assert [fresh.get("nobody"), fresh.get("nobody")] == [None, None]
    assert source.reads == 2


def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    source = Source()
    fresh = Fresh(source.read)
    assert fresh.get("a") == "a 1"
    fresh.forget()
    # The change comes while it is being read.
    source.meanwhile = fresh.forget
    assert fresh.get("a") == "a 2"
    source.meanwhile = None
    assert fresh.get("a") == "a 3"


def test_what_is_asked_for_all_the_time_is_renewed_beside_the_requests() -> None:
    source = Source()
    fresh = Fresh(source.read, lasts=0.2)

    async def ask_for(seconds: float) -> list[float]:
        waits = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.monotonic()
            await fresh.soon("a")
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(0.01)
        return waits

    assert fresh.get("a") == "a 1"
    source.meanwhile = lambda: time.sleep(0.05)
    waits = asyncio.run(ask_for(0.7))
    assert source.reads >= 4
    assert sum(wait > 0.04 for wait in waits) == 0


def test_a_database_away_is_noticed_when_what_is_known_is_old() -> None:
    source = Source()
    fresh = Fresh(source.read, lasts=0.1)

    async def ask() -> list[object]:
        answers: list[object] = [await fresh.soon("a")]
        source.away = True
        await asyncio.sleep(0.06)
        answers.append(await fresh.soon("a"))
        await asyncio.sleep(0.06)
        try:
            await fresh.soon("a")
        except StoreAway as refusal:
            answers.append(type(refusal))
        return answers

    assert asyncio.run(ask()) == ["a 1", "a 1", StoreAway]


def test_a_database_that_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.fresh.PATIENCE", 0.05)
    said = threading.Event()
    fresh: Fresh[str, bool] = Fresh(lambda _: said.wait(5))

    async def ask() -> float:
        begun = time.monotonic()
        with pytest.raises(StoreAway):
            await fresh.soon("a")
        said.set()
        return time.monotonic() - begun

    assert asyncio.run(ask()) < 1
    assert fresh.get("a") is True
