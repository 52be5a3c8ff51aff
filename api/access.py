"""Who asks, and what they may do: actors, the five roles, and what every route has to say of who may call it."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.refusals import Refusal

Role = Literal["ingest", "seller", "ops", "auditor", "admin"]
Permission = Literal[
    "write_facts",
    "read_log",
    "read_customers",
    "read_keys",
    "publish",
    "lint",
    "move",
    "work",
    "void",
    "keys",
    "read_operations",
    "operate",
    "read_backtests",
    "backtest",
]

_ALL = frozenset[Permission](get_args(Permission))

RIGHTS: dict[Role, frozenset[Permission]] = {
    "ingest": frozenset({"write_facts"}),
    "seller": frozenset({"read_customers", "move", "work"}),
    "ops": _ALL - {"read_keys", "keys", "void"},
    "auditor": frozenset({"read_log", "read_customers", "read_keys", "read_operations", "read_backtests"}),
    "admin": _ALL,
}
"""A seller has the rights here on own customers only: see ``api.seen``."""


class NotAuthenticated(Refusal):
    """Send a valid key as: Authorization: Bearer tb_..."""


class NotAllowed(Refusal):
    """The role of this key does not allow that."""


class UndeclaredRoute(Exception):
    """A route does not say who may call it; the service does not start."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: by which key, in which role, and as which person; ``label`` says what the key is for.

    A seller has ``staff`` always.
    """

    key: UUID
    role: Role
    staff: str | None
    label: str = ""

    @property
    def name(self) -> str:
        """As what they do is signed."""
        return self.staff or str(self.key)

    def may(self, permission: Permission) -> bool:
        return permission in RIGHTS[self.role]

    def require(self, permission: Permission) -> None:
        """Raises ``NotAllowed``."""
        if not self.may(permission):
            raise NotAllowed(f"It is {self.role}.")


_bearer = HTTPBearer(auto_error=False)


async def authenticated(
    request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor:
    """Whose key was sent. It says nothing of rights, so a route needs a declaration beside it."""
    found = await request.app.state.service.keys.actor_soon(sent.credentials) if sent is not None else None
    if not isinstance(found, Actor):
        raise NotAuthenticated()
    return found


class Declaration:
    """A dependency by which a route says who may call it. None of them waits, so that none needs a thread."""


@dataclass(frozen=True, slots=True)
class Allowed(Declaration):
    """Whoever has the permission."""

    permission: Permission

    async def __call__(self, actor: Annotated[Actor, Depends(authenticated)]) -> Actor:
        actor.require(self.permission)
        return actor


@dataclass(frozen=True, slots=True)
class Known(Declaration):
    """Whoever has a key."""

    async def __call__(self, actor: Annotated[Actor, Depends(authenticated)]) -> Actor:
        return actor


@dataclass(frozen=True, slots=True)
class OpenToAll(Declaration):
    """Everybody, without a key."""

    async def __call__(self) -> None:
        return


known = Known()
open_to_all = OpenToAll()


def allowed(permission: Permission) -> Allowed:
    """A dependency that lets only those through whose role has the permission."""
    return Allowed(permission)


def refuse_undeclared(app: FastAPI) -> None:
    """Every route says itself, or by its router, who may call it. Raises ``UndeclaredRoute``."""
    for route in iter_route_contexts(app.routes):
        if route.path == app.openapi_url:
            continue
        # What a dependency of a dependency declares does not count: it was said of something else.
        said = route.dependant.dependencies if isinstance(route.original_route, APIRoute) else ()
        if not any(isinstance(dependency.call, Declaration) for dependency in said):
            methods = ", ".join(sorted(route.methods or ()))
            raise UndeclaredRoute(f"Say who may call {methods} {route.path}: Depends(allowed(...)), or open_to_all.")
