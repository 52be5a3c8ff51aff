"""The sealed parts of many customers' facts opened in memory, here or in another process that has no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import DecodeError
from msgspec.json import decode

from domain.refusals import EntryDamaged
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries
from event_log.sealing import NONCE, MasterKey

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))

Keys = Mapping[bytes, tuple[bytes, bytes]]
"""By the number of a customer (16 bytes): the number of her key (16 bytes) and her data key."""


class Sealed(Protocol):
    """A box of a fact of this customer (16 bytes), bound to the number of its event (16 bytes)."""

    @property
    def customer(self) -> bytes: ...
    @property
    def event(self) -> bytes: ...
    @property
    def sealed(self) -> bytes: ...


@dataclass(slots=True)
class Openings:
    """Opens boxes with keys that are fetched when the first is opened, or when it is sent to another process.

    Whoever has it can read these customers: it is never stored.
    """

    _fetch: Callable[[], Keys] | None
    _keys: Keys | None = None

    def __call__(self, boxes: Sequence[Sealed]) -> list[Mapping[str, Any] | None]:
        """The personal part of ``data`` of each; ``None`` where there is no key, or it does not open."""
        keys = self._had()
        ciphers: dict[bytes, AESGCM] = {}
        found: list[Mapping[str, Any] | None] = []
        for box in boxes:
            key_id, secret = keys.get(box.customer, (b"", b""))
            if not secret:
                found.append(None)
                continue
            cipher = ciphers.get(box.customer)
            if cipher is None:
                cipher = ciphers[box.customer] = AESGCM(secret)
            found.append(_data(cipher, box, key_id))
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Openings, (None, self._had())

    def __repr__(self) -> str:
        return "Openings()"

    def _had(self) -> Keys:
        if self._keys is None:
            assert self._fetch is not None
            self._keys = self._fetch()
        return self._keys


def keys_between(pool: Pool, master: MasterKey, first: UUID, last: UUID) -> Keys:
    """The keys of all customers from one number to another; a damaged one is left out. Raises ``StoreAway``."""
    with reading(pool) as connection, connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_QUERIES["keys_between"], {"first": first, "last": last}).fetchall()
    keys = {}
    for number, key_id, wrapped in rows:
        try:
            keys[number.bytes] = key_id.bytes, master.data_key(number, key_id, wrapped)
        except EntryDamaged:
            continue
    return keys


def erased_customers(pool: Pool) -> list[UUID]:
    """The numbers of those whose key is gone, in order. Raises ``StoreAway``."""
    with reading(pool) as connection, connection.cursor(binary=True) as cursor:
        return [number for (number,) in cursor.execute(_QUERIES["erased"]).fetchall()]


def _data(cipher: AESGCM, box: Sealed, key_id: bytes) -> Mapping[str, Any] | None:
    bound_to = box.customer + box.event + key_id
    try:
        data: Mapping[str, Any] = decode(cipher.decrypt(box.sealed[:NONCE], box.sealed[NONCE:], bound_to))["data"]
        return data
    except (InvalidTag, ValueError, KeyError, TypeError, DecodeError):
        return None
