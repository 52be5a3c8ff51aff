"""A refusal told on a page, in the reader's language, with the status it has everywhere."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.access import NotAuthenticated
from api.board.view import View
from api.problems import status_of
from domain.refusals import NotUnderstood, Refusal, Unknown


class PageRoute(APIRoute):
    """Who is not logged in is led to where one logs in; every other refusal becomes a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except NotAuthenticated:
                if "hx-request" in request.headers:
                    return _to_log_in(request)
                raise
            except Refusal as refusal:
                return _refused(request, refusal)
            except (RequestValidationError, psycopg.DataError):
                return _refused(request, NotUnderstood())

        return handled


def page_router() -> APIRouter:
    return APIRouter(include_in_schema=False, route_class=PageRoute)


def _to_log_in(request: Request) -> Response:
    page = urlsplit(request.headers.get("hx-current-url", "/"))
    to = quote(page.path + (f"?{page.query}" if page.query else ""), safe="/")
    return Response(status_code=401, headers={"HX-Redirect": f"/login?to={to}"})


def _refused(request: Request, refusal: Refusal) -> Response:
    view = getattr(request.state, "view", None)
    if not isinstance(view, View):
        # It was refused before anybody was known to look; the API's handler has the words for that.
        raise refusal
    template = "refused_part.html" if view.in_place else "refused.html"
    if request.method == "POST" or isinstance(refusal, Unknown):
        # There is nothing to come back to in the other language.
        view.here = "/"
    return view.render(template, status_of(refusal), refusal=refusal)
