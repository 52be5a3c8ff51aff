"""Refusals as RFC 9457 problems: one fixed `type` each, never a trace, a path or SQL."""

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any, Final
from urllib.parse import quote

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from api.access import NotAllowed, NotAuthenticated
from api.logs import fault
from api.observed import REFUSAL
from domain.refusals import (
    Conflict,
    CustomerErased,
    Fault,
    NotJson,
    NotUnderstood,
    Refusal,
    TooLarge,
    Unavailable,
    Unknown,
)


class NotAcceptedType(Refusal):
    """That content type is not taken here."""


class NotFound(Unknown):
    """There is nothing at this address."""


class BasedOnNothing(Refusal):
    """Say which version this is based on: If-Match with its ETag, or If-None-Match: * for the first."""


class BasedOnAnother(Refusal):
    """The rulebook was changed since the version this is based on."""


PROBLEM: Final = "application/problem+json"

STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotJson, 400),
    (NotAuthenticated, 401),
    (NotAllowed, 403),
    (Unknown, 404),
    (Conflict, 409),
    (CustomerErased, 410),
    (BasedOnAnother, 412),
    (TooLarge, 413),
    (NotAcceptedType, 415),
    (NotUnderstood, 422),
    (BasedOnNothing, 428),
    (Unavailable, 503),
    (Refusal, 409),
)
_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>Trailbook</title><link rel="stylesheet" href="/static/board.css">'
    '<main><p class="note">{text}</p><p><a href="/">Trailbook</a></p></main>'
)
_TITLES = {405: "method-not-allowed", 500: "internal-error"}


def status_of(refusal: Refusal) -> int:
    return next(status for kind, status in STATUS if isinstance(refusal, kind))


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(psycopg.DataError, _unfit_for_the_database)
    app.add_exception_handler(Exception, _unforeseen)


def problem(
    status: int,
    name: str,
    title: str,
    detail: str = "",
    faults: list[dict[str, Any]] | None = None,
    present: Mapping[str, Any] | None = None,
) -> JSONResponse:
    body = {**(present or {}), **problem_json(status, name, title)}
    body |= {"detail": detail} if detail else {}
    body |= {"errors": faults} if faults else {}
    headers = {503: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status)
    return JSONResponse(body, status, headers, media_type=PROBLEM)


def problem_json(status: int, name: str, title: str) -> dict[str, Any]:
    """What every problem has."""
    return {"type": f"urn:trailbook:problem:{name}", "title": title, "status": status}


def problem_name(refusal: type[Refusal]) -> str:
    """The end of its ``type``: ``UnknownTag`` is ``unknown-tag``."""
    dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in refusal.__name__)
    return dashed.strip("-")


def fault_json(fault: Fault) -> dict[str, Any]:
    """Where and why; members that do not apply are absent, a pointer never is."""
    return {name: value for name, value in asdict(fault).items() if value is not None}


def problem_of(refusal: Refusal) -> JSONResponse:
    name, faults = problem_name(type(refusal)), [fault_json(fault) for fault in refusal.faults]
    return problem(status_of(refusal), name, refusal.sentence(), refusal.detail, faults, refusal.present)


def _refused(request: Request, refusal: Exception) -> Any:
    assert isinstance(refusal, Refusal)
    request.scope[REFUSAL] = problem_name(type(refusal))
    if not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", ""):
        if isinstance(refusal, NotAuthenticated) and request.method == "GET":
            page = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
            return RedirectResponse(f"/login?to={page}", 303)
        return HTMLResponse(_PAGE.format(text=escape(str(refusal))), status_of(refusal))
    return problem_of(refusal)


def _http(request: Request, error: Exception) -> Any:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_of(NotFound())
    told = problem(error.status_code, _TITLES.get(error.status_code, "http-error"), str(error.detail))
    if error.status_code == 405:
        told.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return told


def _methods_at(request: Request) -> set[str]:
    """Of all routes of the same path; the one that refuses a method knows only its own."""
    routes = list(iter_route_contexts(request.app.routes))
    paths = {route.path for route in routes if route.endpoint == request.scope.get("endpoint")}
    return {method for route in routes if route.path in paths for method in route.methods or ()}


def _invalid(_: Request, error: Exception) -> Any:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"pointer": "/" + "/".join(map(str, found["loc"])), "reason": found["msg"]}
        for found in jsonable_encoder(error.errors(), custom_encoder={float: str})
    ]
    return problem(422, "not-understood", NotUnderstood.sentence(), faults=faults)


def _unfit_for_the_database(_: Request, error: Exception) -> Any:
    # A NUL in an address, say: no column can hold it, so nothing of that name is there.
    return problem(422, "not-understood", NotUnderstood.sentence())


def _unforeseen(_: Request, error: Exception) -> Any:
    structlog.get_logger().error("unforeseen", **fault(error))
    return problem(500, "internal-error", "Something went wrong on our side.")
