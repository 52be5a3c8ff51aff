"""What every page is made with: its templates, its language, and what it may load."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader

from api.board.words import LANGUAGES, Language, words

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_loader = FileSystemLoader(Path(__file__).with_name("templates"))
_templates = Jinja2Templates(env=Environment(loader=_loader, autoescape=True, trim_blocks=True, lstrip_blocks=True))


def language_of(request: Request, asked: str) -> Language:
    """What was asked for, now or before; else what the browser prefers."""
    accepted = "zh" if request.headers.get("accept-language", "zh").lower().startswith("zh") else "en"
    wanted = asked or request.cookies.get("language", "") or accepted
    return next((language for language in LANGUAGES if language == wanted), "en")


def rendered(
    request: Request, template: str, language: Language, status: int = 200, here: str | None = None, **values: Any
) -> HTMLResponse:
    """``here`` is the address of this page, for the link to its other language; default the one asked for."""
    shared = {"t": words(language), "language": language, "other": other_language(request, language, here)}
    response = _templates.TemplateResponse(request, template, {**shared, **values}, status_code=status)
    response.set_cookie("language", language, samesite="lax", max_age=31_536_000)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def other_language(request: Request, language: Language, here: str | None) -> str:
    """The same page, with all that was asked of it, in the other language."""
    url = request.url if here is None else request.url.replace(path=here, query="")
    url = url.include_query_params(lang="en" if language == "zh" else "zh")
    return f"{url.path}?{url.query}"
