"""`/login` and `/logout`: the form for whoever has a key, and where the console's link leads."""

from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access import open_to_all
from api.board.rendering import language_of, rendered
from api.facts import body_of
from api.login import COOKIE, entered, from_here, link_is_valid
from api.wiring import Service

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])


@router.get("/login")
def login(request: Request, token: str | None = None, to: str = "/") -> Any:
    """The form to log in with a key; with a link's token straight on to the page."""
    service: Service = request.app.state.service
    if token is None:
        return _form(request, to)
    if not link_is_valid(service, token):
        return _form(request, to, "link_expired")
    administrator = service.keys.administrator()
    return _form(request, to, "key_unfit") if administrator is None else entered(request, administrator, to)


@router.post("/login", dependencies=[Depends(from_here)])
def login_with_key(request: Request, body: Annotated[bytes, Depends(body_of)]) -> Any:
    """With the key that was typed into the form."""
    sent = parse_qs(body.decode("ascii", errors="replace"))
    to = sent.get("to", ["/"])[0]
    actor = request.app.state.service.keys.actor(sent.get("key", [""])[0].strip())
    if actor is None or not actor.may("read_customers"):
        return _form(request, to, "key_unfit")
    return entered(request, actor, to)


@router.post("/logout", dependencies=[Depends(from_here)])
def logout() -> RedirectResponse:
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def _form(request: Request, to: str, trouble: str | None = None) -> HTMLResponse:
    language = language_of(request, request.query_params.get("lang", ""))
    response = rendered(request, "login.html", language, to=to, trouble=trouble)
    response.status_code = 200 if trouble is None else 401
    return response
