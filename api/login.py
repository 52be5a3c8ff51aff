"""How a browser comes in: by a link that only the console shows, or with a key; then a signed cookie names the key."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import Request
from fastapi.responses import RedirectResponse

from api.access import Actor, Declaration, NotAllowed, NotAuthenticated
from api.wiring import Service
from domain.instants import DAY, SECOND, Duration, Instant

COOKIE: Final = "trailbook"
LINK_LASTS: Final[Duration] = DAY
COOKIE_LASTS: Final[Duration] = 30 * DAY


class FromElsewhere(NotAllowed):
    """This form was sent from a page of another site."""


def from_here(request: Request) -> None:
    """A browser says from which site a form comes; another site's must not act for us. Raises ``FromElsewhere``."""
    if urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host"):
        raise FromElsewhere()


@dataclass(frozen=True, slots=True)
class LoggedIn(Declaration):
    """Whoever has logged in with a key that may read customers, as long as the key is in force; on every page."""

    def __call__(self, request: Request) -> Actor:
        if request.method not in ("GET", "HEAD"):
            from_here(request)
        actor = _holder(request.app.state.service, request.cookies.get(COOKIE, ""))
        if actor is None:
            raise NotAuthenticated("Log in with a key, or open the link that Trailbook prints when it starts.")
        actor.require("read_customers")
        return actor


logged_in = LoggedIn()


def login_path(service: Service, page: str) -> str:
    """The path, with its token, that logs a browser in as the administrator and goes on to ``page``."""
    token = _token(service, "link", service.log.reading.now() + LINK_LASTS)
    return f"/login?token={token}&to={quote(page, safe='/')}"


def link_is_valid(service: Service, token: str) -> bool:
    return _valid(service, "link", token)


def entered(request: Request, actor: Actor, to: str) -> RedirectResponse:
    """On to a page, with the cookie that names the actor's key."""
    service: Service = request.app.state.service
    # Only pages of our own: a link must not lead elsewhere.
    target = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, status_code=303)
    cookie = f"{actor.key.hex}.{_token(service, f'cookie {actor.key.hex}', service.log.reading.now() + COOKIE_LASTS)}"
    response.set_cookie(
        COOKIE,
        cookie,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        max_age=COOKIE_LASTS // SECOND,
    )
    return response


def _holder(service: Service, cookie: str) -> Actor | None:
    """Who has the key that a cookie names; nobody where the cookie is forged or old, or the key no longer in force."""
    key, _, token = cookie.partition(".")
    return service.keys.holder(UUID(hex=key)) if _valid(service, f"cookie {key}", token) else None


def _token(service: Service, purpose: str, until: Instant) -> str:
    return f"{until}.{_signature(service, purpose, until)}"


def _valid(service: Service, purpose: str, token: str) -> bool:
    until, _, signature = token.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 20 and signature.isascii()):
        return False
    right = _signature(service, purpose, int(until))
    return hmac.compare_digest(signature, right) and int(until) > service.log.reading.now()


def _signature(service: Service, purpose: str, until: Instant) -> str:
    return hmac.new(service.login_key, f"{purpose} {until}".encode(), sha256).hexdigest()
