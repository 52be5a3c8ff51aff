"""The id of an opportunity: computed from whose it is, its rule and its opening, so that no rebuild changes it."""

import base64
import binascii
import struct
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from domain.instants import EARLIEST, LATEST, Instant
from domain.refusals import UnknownOpportunity

_PARTS = struct.Struct(">16sq8s")


class Parts(NamedTuple):
    """``digest`` is that of journey and rule, see ``digest_of``."""

    number: UUID
    opened_at: Instant
    digest: bytes


def opportunity_id(number: UUID, journey: str, rule: str, opened_at: Instant) -> str:
    """URL-safe, 43 characters. ``number`` is what the log calls the customer."""
    packed = _PARTS.pack(number.bytes, opened_at, digest_of(journey, rule))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def parts_of(id: str) -> Parts:
    """Raises ``UnknownOpportunity`` for what was not given out here."""
    try:
        packed = base64.b64decode(id + "=", altchars=b"-_", validate=True)
        number, opened_at, digest = _PARTS.unpack(packed)
    except (ValueError, binascii.Error, struct.error):
        raise UnknownOpportunity() from None
    parts = Parts(UUID(bytes=number), opened_at, digest)
    # Several texts can stand for the same bytes; only one of them was given out.
    if not EARLIEST <= opened_at <= LATEST or base64.urlsafe_b64encode(packed).decode().rstrip("=") != id:
        raise UnknownOpportunity()
    return parts


def digest_of(journey: str, rule: str) -> bytes:
    return sha256(f"{journey}\0{rule}".encode()).digest()[:8]
