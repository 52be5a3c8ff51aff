"""Who asks, and what they may do: API keys and the five roles."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.refusals import Refusal
from event_log.connections import Pool, reading
from event_log.named_sql import named_queries

_QUERIES = named_queries(Path(__file__).with_name("access.sql"))

Role = Literal["ingest", "seller", "ops", "auditor", "admin"]
Permission = Literal["write_facts", "read_log", "read_customers", "publish", "lint"]

RIGHTS: dict[Role, frozenset[Permission]] = {
    "ingest": frozenset({"write_facts"}),
    "seller": frozenset(),
    "ops": frozenset({"write_facts", "read_log", "read_customers", "publish", "lint"}),
    "auditor": frozenset({"read_log", "read_customers"}),
    "admin": frozenset({"write_facts", "read_log", "read_customers", "publish", "lint"}),
}
"""A seller reads own customers only; until that is enforced in the queries a seller reads nothing."""


class NotAuthenticated(Refusal):
    """Send a valid key as: Authorization: Bearer tb_..."""


class NotAllowed(Refusal):
    """The role of this key does not allow that."""


@dataclass(frozen=True, slots=True)
class Actor:
    key: UUID
    role: Role
    staff: str | None

    def may(self, permission: Permission) -> bool:
        return permission in RIGHTS[self.role]


class Keys:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def actor(self, key: str) -> Actor | None:
        with reading(self._pool) as connection:
            found = connection.execute(_QUERIES["key_of"], {"hash": _hash(key)}).fetchone()
        return Actor(*found) if found else None

    def first_admin(self, preset: str | None) -> str | None:
        """Make the first administrator's key, or the preset one; returns what must be shown, now and never again."""
        with reading(self._pool) as connection:
            (has_admin,) = connection.execute(_QUERIES["has_admin"]).fetchone() or (False,)
        if preset is not None:
            self._add(preset)
        elif not has_admin:
            made = f"tb_{secrets.token_urlsafe(32)}"
            self._add(made)
            return made
        return None

    def _add(self, key: str) -> None:
        values = {"id": uuid4(), "prefix": key[:7], "hash": _hash(key), "role": "admin"}
        with reading(self._pool) as connection:
            connection.execute(_QUERIES["add"], values)


def _hash(key: str) -> bytes:
    # Keys are random and long, so a fast hash is enough.
    return hashlib.sha256(key.encode("utf-8", errors="surrogateescape")).digest()


_bearer = HTTPBearer(auto_error=False)


def allowed(permission: Permission) -> Callable[..., Actor]:
    """A dependency that lets only those through whose role has the permission."""

    def actor(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Actor:
        found = request.app.state.service.keys.actor(sent.credentials) if sent is not None else None
        if not isinstance(found, Actor):
            raise NotAuthenticated()
        if not found.may(permission):
            raise NotAllowed(f"It is {found.role}.")
        return found

    return actor
