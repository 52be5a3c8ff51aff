"""The API keys: made, rotated, revoked; only a hash of each secret is kept."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from api.access import Actor, Role
from api.fresh import Fresh
from domain.instants import Duration, Instant, rfc_3339
from domain.refusals import Conflict, Fault, NotUnderstood, Unknown
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_suffix(".sql"))
_PREFIX: Final = 7


class UnknownKey(Unknown):
    """There is no key of that number."""


class KeyNotInForce(Conflict):
    """That key has expired or was revoked; make a new one."""


class LastAdministrator(Conflict):
    """This is the last administrator's key in force; make another one first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made. ``staff`` is a seller's id in the facts; for others the person's name, if it is a person's."""

    role: Role
    staff: str | None = None
    label: str = ""
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What may be shown of a key at any time."""

    id: UUID
    prefix: str
    role: Role
    staff: str | None
    label: str
    made_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    replaces: UUID | None

    def in_force(self, now: Instant) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "prefix": self.prefix,
            "role": self.role,
            "staff": self.staff,
            "label": self.label,
            "made_at": rfc_3339(self.made_at),
            "expires_at": None if self.expires_at is None else rfc_3339(self.expires_at),
            "revoked_at": None if self.revoked_at is None else rfc_3339(self.revoked_at),
            "replaces": None if self.replaces is None else str(self.replaces),
        }


Made = tuple[Key, str]
"""A key just made and its secret, which is shown now and never again."""


class Keyring:
    """``by`` is always the key that asks, ``None`` on the command line. Every method raises ``StoreAway``.

    Who has a secret is remembered for a second. A key revoked in this process ends at once; one that another process
    revokes, or that expires, is let in by this one for a second more.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._actors: Fresh[bytes, Actor] = Fresh(lambda hash: self._actor("actor_by_hash", {"hash": hash}))

    def actor(self, secret: str) -> Actor | None:
        return self._actors.get(_hash(secret))

    async def actor_soon(self, secret: str) -> Actor | None:
        """The same in the event loop, which it does not hold up."""
        return await self._actors.soon(_hash(secret))

    def holder(self, id: UUID) -> Actor | None:
        """Who has the key of this number, as long as it is in force: for sessions, which hold no secret."""
        return self._actor("actor_by_id", {"id": id})

    def administrator(self) -> Actor | None:
        """Who has the oldest administrator's key in force."""
        return self._actor("administrators", {})

    def all(self) -> list[Key]:
        with reading(self._pool) as connection:
            return [Key(*row) for row in connection.execute(_QUERIES["all"])]

    def one(self, id: UUID) -> Key:
        """Raises ``UnknownKey``."""
        with reading(self._pool) as connection:
            return _one(connection, id)

    def add(self, wanted: Wanted, by: UUID | None) -> Made:
        """Raises ``NotUnderstood``."""
        with self._changing() as (connection, now):
            _refuse_unfit(wanted, now)
            return _made(connection, wanted, by)

    def rotate(self, old: UUID, overlap: Duration, expires_at: Instant | None, by: UUID | None) -> Made:
        """A new key in place of one, which ends after the overlap. Raises ``UnknownKey``, ``KeyNotInForce``."""
        with self._changing() as (connection, now):
            replaced = _one(connection, old)
            if not replaced.in_force(now):
                raise KeyNotInForce()
            wanted = Wanted(replaced.role, replaced.staff, replaced.label, expires_at)
            _refuse_unfit(wanted, now)
            connection.execute(_QUERIES["expire"], {"id": old, "at": now + overlap})
            return _made(connection, wanted, by, replaces=old)

    def revoke(self, id: UUID, by: UUID | None) -> None:
        """At once; again is harmless. Raises ``UnknownKey``, ``LastAdministrator``."""
        with self._changing() as (connection, _):
            _one(connection, id)
            administrators = [admin for admin, *_ in connection.execute(_QUERIES["administrators"])]
            if administrators == [id]:
                raise LastAdministrator()
            connection.execute(_QUERIES["revoke"], {"id": id, "by": by})

    def first_admin(self, preset: str | None) -> str | None:
        """Make the first administrator's key, or the preset one; returns what must be shown, now and never again."""
        with self._changing() as (connection, _):
            if preset is not None:
                _keep(connection, preset, Wanted("admin"), None)
            elif connection.execute(_QUERIES["administrators"]).fetchone() is None:
                return _made(connection, Wanted("admin"), None)[1]
        return None

    def _actor(self, query: str, values: Mapping[str, Any]) -> Actor | None:
        with reading(self._pool) as connection:
            found = connection.execute(_QUERIES[query], values).fetchone()
        return Actor(*found) if found else None

    @contextmanager
    def _changing(self) -> Iterator[tuple[Connection[TupleRow], Instant]]:
        try:
            with reading(self._pool) as connection, connection.transaction():
                connection.execute(_QUERIES["lock"])
                (now,) = connection.execute(_QUERIES["now"]).fetchone() or (0,)
                yield connection, now
        finally:
            self._actors.forget()


def _one(connection: Connection[TupleRow], id: UUID) -> Key:
    row = connection.execute(_QUERIES["one"], {"id": id}).fetchone()
    if row is None:
        raise UnknownKey()
    return Key(*row)


def _made(connection: Connection[TupleRow], wanted: Wanted, by: UUID | None, *, replaces: UUID | None = None) -> Made:
    secret = f"tb_{secrets.token_urlsafe(32)}"
    return _one(connection, _keep(connection, secret, wanted, by, replaces=replaces)), secret


def _keep(
    connection: Connection[TupleRow], secret: str, wanted: Wanted, by: UUID | None, *, replaces: UUID | None = None
) -> UUID:
    id = uuid4()
    values = {
        "id": id,
        "prefix": secret[:_PREFIX],
        "hash": _hash(secret),
        "role": wanted.role,
        "staff": wanted.staff,
        "label": wanted.label,
        "expires_at": wanted.expires_at,
        "replaces": replaces,
        "by": by,
    }
    connection.execute(_QUERIES["add"], values)
    return id


def _refuse_unfit(wanted: Wanted, now: Instant) -> None:
    faults = []
    if wanted.role == "seller" and wanted.staff is None:
        faults.append(Fault("A seller's key carries their staff id, as it stands in the facts.", "/staff"))
    if wanted.role == "ingest" and wanted.staff is not None:
        faults.append(Fault("A key that only sends facts is nobody's; use label to name the system.", "/staff"))
    if wanted.expires_at is not None and wanted.expires_at <= now:
        faults.append(Fault("That lies in the past.", "/expires_at"))
    if faults:
        raise NotUnderstood(faults=faults)


def _hash(secret: str) -> bytes:
    # Keys are random and long, so a fast hash is enough.
    return hashlib.sha256(secret.encode("utf-8", errors="surrogateescape")).digest()
