"""The HTTP service: routes over one wired service."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse

from api import (
    boards,
    commands,
    customers,
    facts,
    journeys,
    keys,
    opportunities,
    previewing,
    problems,
    why,
    worked_cards,
)
from api.access import open_to_all, refuse_undeclared
from api.board import entering, pages
from api.openapi.describing import TEXT, answers
from api.openapi.document import DescribedApi
from api.wiring import Service
from domain.refusals import StoreAway


def create_app(service: Service) -> FastAPI:
    app = DescribedApi(title="Trailbook", version="0.1.0", docs_url=None, redoc_url=None)
    app.state.service = service
    problems.install(app)
    for router in (
        facts.router,
        commands.router,
        opportunities.router,
        worked_cards.router,
        why.router,
        customers.router,
        boards.router,
        previewing.router,
        journeys.router,
        keys.router,
        entering.router,
        pages.router,
    ):
        app.include_router(router)

    health: Any = {"tags": ["health"], "response_class": PlainTextResponse, "dependencies": [Depends(open_to_all)]}

    ok = {200: {TEXT: {"const": "ok"}}}

    @app.get("/livez", operation_id="livez", responses=answers(ok), **health)
    def livez() -> str:
        """The process answers."""
        return "ok"

    @app.get("/readyz", operation_id="readyz", responses=answers(ok, StoreAway), **health)
    def readyz() -> str:
        """The database answers too."""
        service.log.reading.head()
        return "ok"

    refuse_undeclared(app)
    return app
