"""What senders meant to send and what they were answered, written down on their side; and the log held to it."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
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
        """Requests."""

    def intends(self, ids: Sequence[str]) -> None:
        self._write({"intends": list(ids)})

    def was_acked(self, ids: Sequence[str], position: int) -> None:
        self._write({"acked": list(ids), "position": position})
        self.acked += 1

    def has_grown(self, by: int) -> Callable[[], bool]:
        """To be asked later: whether so many more requests than now were acknowledged."""
        wanted = self.acked + by
        return lambda: self.acked >= wanted

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
    """Numbers of facts; ``open`` were intended, never acknowledged, and may be stored or not.

    The others must be nought: acknowledged and not where it was said, stored more than once, part of a request whose
    rest is missing, stored before what was acknowledged before they were sent, stored though nobody meant to, and
    positions without an entry.
    """

    stored: int
    acked: int
    open: int
    lost: int
    doubled: int
    halved: int
    overtaken: int
    unknown: int
    holes: int

    @property
    def broken(self) -> dict[str, int]:
        """What is not nought and should be."""
        harmless = ("stored", "acked", "open")
        return {name: count for name, count in asdict(self).items() if name not in harmless and count}


def assert_nothing_lost_or_doubled(ledger: Ledger, log: EventLog) -> Reckoning:
    """Acknowledged is stored, once; a request is stored whole or not at all; positions keep to the order of sending."""
    reckoning = reckoned(ledger, log)
    assert not reckoning.broken, reckoning
    return reckoning


def reckoned(ledger: Ledger, log: EventLog) -> Reckoning:
    # Read first: what is acknowledged later is not yet asked for.
    lines = ledger.lines()
    at: dict[str, int] = {}
    wrong: Counter[str] = Counter()
    for position, id in _stored(log, wrong):
        wrong["doubled"] += id in at
        at.setdefault(id, position)
    acked: set[str] = set()
    intended: set[str] = set()
    acked_up_to = 0
    for line in lines:
        if "intends" in line:
            ids = _ids(line["intends"])
            intended |= ids
            found = [at[id] for id in ids if id in at]
            wrong["halved"] += len(found) not in (0, len(ids))
            wrong["overtaken"] += sum(position <= acked_up_to for position in found)
        else:
            ids = _ids(line["acked"])
            acked |= ids
            found = [at[id] for id in ids if id in at]
            wrong["lost"] += len(ids) - len(found) or max(found) != line["position"]
            acked_up_to = max(acked_up_to, *found, 0)
    late = _intended(ledger) - intended
    wrong["unknown"] = len(at.keys() - intended - late)
    names = ("lost", "doubled", "halved", "overtaken", "unknown", "holes")
    return Reckoning(len(at), len(acked), len(intended - acked), **{name: wrong[name] for name in names})


def _stored(log: EventLog, wrong: Counter[str]) -> Iterator[tuple[int, str]]:
    """Position and id of every fact; positions that are missing are counted."""
    after = 0
    while entries := log.reading.entries(after, 2000):
        wrong["holes"] += entries[-1].position - after - len(entries)
        for fact in log.reading.opened(entries):
            if isinstance(fact, Fact):
                assert fact.position is not None
                yield fact.position, fact.id
        after = entries[-1].position


def _intended(ledger: Ledger) -> set[str]:
    return {id for line in ledger.lines() if "intends" in line for id in _ids(line["intends"])}


def _ids(found: object) -> set[str]:
    assert isinstance(found, list)
    return set(found)
