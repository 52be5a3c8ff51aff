"""How a browser comes in: by a link that only the console shows, then a cookie; both are signed, neither is kept."""

import hmac
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from api.access import NotAuthenticated
from api.wiring import Service
from domain.instants import DAY, Duration, Instant

COOKIE: Final = "trailbook"
LINK_LASTS: Final[Duration] = DAY
COOKIE_LASTS: Final[Duration] = 30 * DAY

router = APIRouter(include_in_schema=False)


def login_path(service: Service, page: str) -> str:
    """The path, with its token, that logs a browser in and goes on to ``page``."""
    return f"/login?token={_token(service, 'link', service.log.reading.now() + LINK_LASTS)}&to={quote(page, safe='/')}"


@router.get("/login")
def login(request: Request, token: str = "", to: str = "/") -> RedirectResponse:
    service: Service = request.app.state.service
    if not _valid(service, "link", token):
        raise NotAuthenticated("This link has expired; start Trailbook again for a new one.")
    # Only pages of our own: a link must not lead elsewhere.
    target = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, status_code=303)
    cookie = _token(service, "cookie", service.log.reading.now() + COOKIE_LASTS)
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", max_age=COOKIE_LASTS // 1_000_000)
    return response


def logged_in(request: Request) -> None:
    """A dependency of every page. Raises ``NotAuthenticated``."""
    if not _valid(request.app.state.service, "cookie", request.cookies.get(COOKIE, "")):
        raise NotAuthenticated("Open the link that Trailbook prints when it starts.")


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
