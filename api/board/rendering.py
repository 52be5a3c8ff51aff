"""What every page is made with: its templates, its language, and what it may load."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from api.board.words import LANGUAGES, Language, words

_templates = Jinja2Templates(Path(__file__).with_name("templates"))


def language_of(request: Request, asked: str) -> Language:
    """What was asked for, now or before; else what the browser prefers."""
    accepted = "zh" if request.headers.get("accept-language", "zh").lower().startswith("zh") else "en"
    wanted = asked or request.cookies.get("language", "") or accepted
    return next((language for language in LANGUAGES if language == wanted), "en")


def rendered(request: Request, template: str, language: Language, **values: Any) -> HTMLResponse:
    response = _templates.TemplateResponse(request, template, {"t": words(language), "language": language, **values})
    response.set_cookie("language", language, samesite="lax", max_age=31_536_000)
    response.headers["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    return response
