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
from api.wiring import Service


def create_app(service: Service) -> FastAPI:
    app = FastAPI(title="Trailbook", version="0.1.0", docs_url=None, redoc_url=None)
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
        journeys.router,
        previewing.router,
        keys.router,
        entering.router,
        pages.router,
    ):
        app.include_router(router)

    health: Any = {"tags": ["health"], "response_class": PlainTextResponse, "dependencies": [Depends(open_to_all)]}

    @app.get("/livez", operation_id="livez", **health)
    def livez() -> str:
        return "ok"

    @app.get("/readyz", operation_id="readyz", **health)
    def readyz() -> str:
        service.log.reading.head()
        return "ok"

    refuse_undeclared(app)
    return app
