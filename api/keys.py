"""`/v1/keys` and `/v1/me`: making, rotating and revoking keys, and who one is oneself."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from api.access import RIGHTS, Actor, Role, allowed, known
from api.facts import body_of
from api.keyring import KeyNotInForce, Keyring, LastAdministrator, Made, UnknownKey, Wanted
from api.openapi.answers import Keys, MadeKey, Me
from api.openapi.bodies import NewKey, Rotation
from api.openapi.describing import JSON, answers, ref, takes
from domain.instants import DAY, Instant, duration, instant
from domain.refusals import Fault, NotADuration, NotAnInstant, NotJson, NotUnderstood, TooLarge
from domain.strict_json import parse, unfit

OVERLAP: Final = 7 * DAY
"""How long a replaced key stays in force when nothing else is said."""
LONGEST_TEXT: Final = 200

_OF_A_NEW_KEY = {"role", "staff", "label", "expires_at"}
_OF_A_ROTATION = {"replaces", "overlap", "expires_at"}

router = APIRouter(prefix="/v1", tags=["keys"])


@router.get("/me", operation_id="getMe", responses=answers(Me))
def me(request: Request, actor: Annotated[Actor, Depends(known)]) -> dict[str, Any]:
    """Whose key this is, and what it allows."""
    key = _keyring(request).one(actor.key).as_json()
    shown = {name: key[name] for name in ("prefix", "role", "staff", "label", "expires_at")}
    return {"key": key["id"], **shown, "rights": sorted(RIGHTS[actor.role])}


@router.get("/keys", operation_id="listKeys", responses=answers(Keys))
def keys(request: Request, _: Annotated[Actor, Depends(allowed("read_keys"))]) -> dict[str, Any]:
    """Every key there ever was, without its secret."""
    return {"items": [key.as_json() for key in _keyring(request).all()], "next": None}


@router.post(
    "/keys",
    operation_id="makeKey",
    status_code=201,
    responses=answers(
        {201: MadeKey}, NotJson, NotUnderstood, TooLarge, UnknownKey, KeyNotInForce, headers=("Cache-Control",)
    ),
    openapi_extra=takes({JSON: {"oneOf": [ref(NewKey), ref(Rotation)]}}),
)
def make_key(
    request: Request,
    response: Response,
    actor: Annotated[Actor, Depends(allowed("keys"))],
    body: Annotated[bytes, Depends(body_of)],
) -> dict[str, Any]:
    """Make a key, or one in place of another; the answer shows the secret, this once."""
    key, secret = _made(_keyring(request), _read(body), actor.key)
    response.headers["Cache-Control"] = "no-store"
    return {**key.as_json(), "key": secret}


@router.delete(
    "/keys/{id}",
    operation_id="revokeKey",
    status_code=204,
    responses=answers({204: {}}, UnknownKey, LastAdministrator),
)
def revoke_key(
    request: Request,
    id: Annotated[UUID, Path(description="The key.")],
    actor: Annotated[Actor, Depends(allowed("keys"))],
) -> None:
    """Revoke a key at once; sessions begun with it end too."""
    _keyring(request).revoke(id, actor.key)


def _keyring(request: Request) -> Keyring:
    found: Keyring = request.app.state.service.keys
    return found


def _made(keyring: Keyring, asked: dict[str, Any], by: UUID) -> Made:
    expires_at: Instant | None = asked.get("expires_at")
    if "replaces" in asked:
        return keyring.rotate(asked["replaces"], asked.get("overlap", OVERLAP), expires_at, by)
    return keyring.add(Wanted(asked["role"], asked.get("staff"), asked.get("label", ""), expires_at), by)


def _read(body: bytes) -> dict[str, Any]:
    """The members of a request, each as the value it stands for. Raises ``NotJson``, ``NotUnderstood``."""
    asked = parse(body)
    if not isinstance(asked, dict):
        raise NotUnderstood(faults=[Fault("Send an object.")])
    given = {name: value for name, value in asked.items() if value is not None}
    faults = [*unfit(given), *_unknown(given)]
    read: dict[str, Any] = {}
    for name, value in given.items() if not faults else ():
        try:
            read[name] = _value(name, value)
        except ValueError as error:
            faults.append(Fault(str(error), f"/{name}"))
    if faults:
        raise NotUnderstood(faults=faults)
    return read


def _unknown(asked: dict[str, Any]) -> Iterator[Fault]:
    if "replaces" in asked:
        for name in sorted(asked.keys() - _OF_A_ROTATION):
            yield Fault("A key in place of another takes role, staff and label from it; leave this out.", f"/{name}")
        return
    if "role" not in asked:
        yield Fault("Name a role, or the key that this one replaces.", "/role")
    for name in sorted(asked.keys() - _OF_A_NEW_KEY):
        yield Fault("A new key has role, staff, label and expires_at.", f"/{name}")


def _value(name: str, value: Any) -> Any:
    """Raises ``ValueError`` with the sentence that says why not."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise ValueError(f"Send a text of 1 to {LONGEST_TEXT} characters.")
    try:
        if name == "expires_at":
            return instant(value)
        if name == "overlap":
            return duration(value)
    except (NotAnInstant, NotADuration) as refusal:
        raise ValueError(str(refusal)) from None
    if name == "replaces":
        return _number(value)
    if name == "role" and value not in get_args(Role):
        raise ValueError(f"A role is one of {', '.join(get_args(Role))}.")
    return value


def _number(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise ValueError("A key is named by its id, as GET /v1/keys lists it.") from None
