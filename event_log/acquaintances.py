"""Customers that this process has written about lately: what need not be looked up again while it still holds."""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from threading import Lock
from typing import Final

from event_log.sealing import CustomerKey
from event_log.writing import End

MOST: Final = 50_000
"""Customers remembered, about 2 kB each; past it the half met first is forgotten."""


class Acquaintances:
    """Keys, and the versions of newest entries, both by the keyed hash of the subject.

    A key is good for sealing ahead; whoever writes asks under the lock whether it is still the customer's. Versions
    hold only where the log ends as this process left it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._keys: dict[bytes, CustomerKey] = {}
        self._versions: dict[bytes, int] = {}
        self._end: End | None = None

    def key(self, subject_hash: bytes) -> CustomerKey | None:
        return self._keys.get(subject_hash)

    def met(self, keys: Mapping[bytes, CustomerKey]) -> None:
        """These are the keys of these customers, as the log says."""
        with self._lock:
            self._keys.update(keys)
            _shrink(self._keys, self._most)

    def forget(self, subject_hashes: Iterable[bytes]) -> None:
        with self._lock:
            for subject_hash in subject_hashes:
                self._keys.pop(subject_hash, None)

    def versions(self, end: End, subject_hashes: Collection[bytes]) -> dict[bytes, int] | None:
        """Those that are remembered, in a log that ends there; ``None`` where somebody else has written."""
        with self._lock:
            if self._end != end:
                return None
            return {known: self._versions[known] for known in subject_hashes if known in self._versions}

    def wrote(self, begun: End, ended: End, versions: Mapping[bytes, int]) -> None:
        """This process took the log from one end to the other; several may say so in any order."""
        with self._lock:
            if self._end is not None and self._end[0] >= ended[0]:
                return
            if self._end != begun:
                self._versions.clear()
            self._versions.update(versions)
            _shrink(self._versions, self._most)
            self._end = ended

    def unsure(self) -> None:
        """Nobody knows how the last writing ended."""
        with self._lock:
            self._end = None


def _shrink(remembered: dict[bytes, CustomerKey] | dict[bytes, int], most: int) -> None:
    if len(remembered) > most:
        for oldest in list(islice(remembered, len(remembered) // 2)):
            del remembered[oldest]
