"""The HTTP service: routes over one wired service."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse

from api import (
    backtests,
    boards,
    commands,
    customers,
    facts,
    journeys,
    keys,
    metrics,
    operating,
    opportunities,
    previewing,
    problems,
    segment,
    why,
    worked_cards,
)
from api.access import open_to_all, refuse_undeclared
from api.board import entering, pages
from api.logs import request_answered
from api.observed import Observed
from api.openapi.describing import TEXT, answers
from api.openapi.document import DescribedApi
from api.readiness import NotReady, refuse_unready
from api.wiring import Service


def create_app(service: Service, *, log_requests: bool = False) -> FastAPI:
    app = DescribedApi(title="Trailbook", version="0.1.0", docs_url=None, redoc_url=None)
    app.state.service = service
    app.state.metrics = counting = metrics.Metrics(service.pool)
    counting.watch(service.committing.commit)
    app.add_middleware(Observed, told=[counting.answered, *([request_answered] if log_requests else [])])
    problems.install(app)
    for router in (
        facts.router,
        segment.router,
        commands.router,
        opportunities.router,
        worked_cards.router,
        why.router,
        customers.router,
        boards.router,
        previewing.router,
        journeys.router,
        backtests.router,
        keys.router,
        operating.router,
        entering.router,
        pages.router,
        metrics.router,
    ):
        app.include_router(router)

    health: Any = {"tags": ["health"], "response_class": PlainTextResponse, "dependencies": [Depends(open_to_all)]}

    ok = {200: {TEXT: {"const": "ok"}}}

    @app.get("/livez", operation_id="livez", responses=answers(ok), **health)
    def livez() -> str:
        """The process answers."""
        return "ok"

    @app.get("/readyz", operation_id="readyz", responses=answers(ok, NotReady), **health)
    def readyz() -> str:
        """It can do its work: the database answers, its schema is ours, and a writer comes to the log."""
        refuse_unready(service.pool)
        return "ok"

    refuse_undeclared(app)
    return app
