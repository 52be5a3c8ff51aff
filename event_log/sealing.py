"""Keys: what is derived from the master key, and the data key of one customer, which seals what is personal."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.refusals import EntryDamaged, WrongMasterKey

RandomBytes = Callable[[int], bytes]
"""So many bytes from a cryptographic source; handed in by the wiring."""

KEY: Final = 32
NONCE: Final = 12
STEP: Final = 64
"""Clear text is padded to steps of 64 bytes, so that a box does not tell the length of a short answer."""


class Supply:
    """Random bytes, drawn many at a time: at each draw the operating system may let another thread go first."""

    def __init__(self, random_bytes: RandomBytes, draw: int = 4096) -> None:
        self._random_bytes = random_bytes
        self._draw = draw
        self._lock = Lock()
        self._drawn = b""
        self._taken = 0

    def take(self, count: int) -> bytes:
        """None of them is ever given out again; ``count`` is small against a draw."""
        with self._lock:
            if self._taken + count > len(self._drawn):
                self._drawn, self._taken = self._random_bytes(self._draw), 0
            self._taken += count
            return self._drawn[self._taken - count : self._taken]


class KeyedHash:
    """HMAC-SHA256 under one key, whose two blocks are hashed once and not for every short text."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(sha256().block_size, b"\0")
        self._inner = sha256(block.translate(hmac.trans_36))
        self._outer = sha256(block.translate(hmac.trans_5C))

    def of(self, text: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """The data key of one customer. ``wrapped`` is the form in which it is kept; ``subject`` is the customer's name."""

    number: UUID
    subject: str = field(repr=False)
    key_id: UUID
    wrapped: bytes = field(repr=False)
    _cipher: AESGCM = field(repr=False, compare=False)
    _content: KeyedHash = field(repr=False, compare=False)
    number_bytes: bytes = field(repr=False, compare=False)
    key_id_bytes: bytes = field(repr=False, compare=False)

    def seal(self, event_id: UUID, clear: bytes, nonce: bytes) -> bytes:
        """JSON text -> box: the nonce, then the sealed text and its tag."""
        padded = clear + b" " * (-len(clear) % STEP)
        return nonce + self._cipher.encrypt(nonce, padded, self._bound_to(event_id))

    def open(self, event_id: UUID, box: bytes) -> bytes:
        """Box -> JSON text, the padding (white space) still behind it. Raises ``EntryDamaged``."""
        try:
            return self._cipher.decrypt(box[:NONCE], box[NONCE:], self._bound_to(event_id))
        except (InvalidTag, ValueError):
            raise EntryDamaged("The sealed part was changed, or belongs to another entry or key.") from None

    def content_hash(self, content: bytes) -> bytes:
        """Tells whether two deliveries are the same fact; of no use to anyone without the key."""
        return self._content.of(content)

    def _bound_to(self, event_id: UUID) -> bytes:
        return self.number_bytes + event_id.bytes + self.key_id_bytes


class MasterKey:
    """The secret outside the database (32 bytes), from which look-up keys and the wrapping key are derived."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY:
            raise WrongMasterKey(f"A master key has {KEY} bytes, this one {len(secret)}.")
        self._identity = KeyedHash(_derived(secret, b"identity"))
        self._subject = KeyedHash(_derived(secret, b"subject"))
        self._wrapping = AESGCM(_derived(secret, b"wrapping"))
        self.fingerprint = _derived(secret, b"fingerprint")

    def identity_hash(self, source: str, id: str) -> bytes:
        first = source.encode()
        return self._identity.of(len(first).to_bytes(4, "big") + first + id.encode())

    def subject_hash(self, subject: str) -> bytes:
        return self._subject.of(subject.encode())

    def new_customer(self, subject: str, number: UUID, key_id: UUID, random_bytes: RandomBytes) -> CustomerKey:
        secret, nonce = random_bytes(KEY), random_bytes(NONCE)
        wrapped = nonce + self._wrapping.encrypt(nonce, secret, number.bytes + key_id.bytes)
        return _customer_key(number, subject, key_id, wrapped, secret)

    def unwrap(self, number: UUID, subject: str, key_id: UUID, wrapped: bytes) -> CustomerKey:
        """Raises ``EntryDamaged`` when the kept key is not the one that was wrapped for this customer."""
        return _customer_key(number, subject, key_id, wrapped, self.data_key(number, key_id, wrapped))

    def data_key(self, number: UUID, key_id: UUID, wrapped: bytes) -> bytes:
        """A customer's data key itself, to open with where there is no master key. Raises ``EntryDamaged``."""
        try:
            return self._wrapping.decrypt(wrapped[:NONCE], wrapped[NONCE:], number.bytes + key_id.bytes)
        except (InvalidTag, ValueError):
            raise EntryDamaged(f"The kept key of customer {number} was changed.") from None


def _customer_key(number: UUID, subject: str, key_id: UUID, wrapped: bytes, secret: bytes) -> CustomerKey:
    content = KeyedHash(hmac.digest(secret, b"trailbook content", "sha256"))
    return CustomerKey(number, subject, key_id, wrapped, AESGCM(secret), content, number.bytes, key_id.bytes)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY, salt=None, info=b"trailbook " + purpose).derive(secret)
