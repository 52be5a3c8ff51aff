"""What senders meant to send and what they were answered, written down on their side; and the log held to it."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from domain.facts import Fact
from event_log.log import EventLog


class Ledger:
    """One line before a request is first sent, one when it was acknowledged, each on disk before anything goes on."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+", encoding="utf-8")
        self._lock = Lock()
        self.acked = 0

    def intends(self, ids: Sequence[str]) -> None:
        self._write({"intends": list(ids)})

    def was_acked(self, ids: Sequence[str], position: int) -> None:
        self._write({"acked": list(ids), "position": position})
        self.acked += 1

    def _write(self, line: dict[str, object]) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def lines(self) -> list[dict[str, object]]:
        with self._lock:
            self._file.seek(0)
            return [json.loads(line) for line in self._file]

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Numbers of facts; ``open`` were intended, never acknowledged, and may be stored or not."""

    stored: int
    acked: int
    open: int


def assert_nothing_lost_or_doubled(ledger: Ledger, log: EventLog) -> Reckoning:
    """Acknowledged is stored, once; a request is stored whole or not at all; positions keep to the order of sending."""
    positions = _positions(log)
    acked: set[str] = set()
    intended: set[str] = set()
    acked_up_to = 0
    for line in ledger.lines():
        if "intends" in line:
            ids = _ids(line["intends"])
            intended |= ids
            found = [positions[id] for id in ids if id in positions]
            assert len(found) in (0, len(ids)), "half a request was stored"
            assert all(position > acked_up_to for position in found), "stored before what was acknowledged earlier"
        else:
            ids = _ids(line["acked"])
            acked |= ids
            assert ids <= positions.keys(), "an acknowledged fact was lost"
            assert max(positions[id] for id in ids) == line["position"]
            acked_up_to = max(acked_up_to, *(positions[id] for id in ids))
    assert positions.keys() <= intended
    return Reckoning(len(positions), len(acked), len(intended - acked))


def _positions(log: EventLog) -> dict[str, int]:
    """By the id of a fact. Raises where an id is stored twice or a position is missing."""
    positions: dict[str, int] = {}
    after = 0
    while entries := log.reading.entries(after, 2000):
        assert [entry.position for entry in entries] == list(range(after + 1, after + 1 + len(entries)))
        for fact in log.reading.opened(entries):
            if isinstance(fact, Fact):
                assert fact.id not in positions, "a fact was stored twice"
                assert fact.position is not None
                positions[fact.id] = fact.position
        after = entries[-1].position
    return positions


def _ids(found: object) -> set[str]:
    assert isinstance(found, list)
    return set(found)
