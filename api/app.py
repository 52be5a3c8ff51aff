"""The HTTP service: routes over one wired service."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from api import boards, customers, facts, journeys, login, problems
from api.board import pages
from api.wiring import Service


def create_app(service: Service) -> FastAPI:
    app = FastAPI(title="Trailbook", version="0.1.0", docs_url=None, redoc_url=None)
    app.state.service = service
    problems.install(app)
    for router in (facts.router, customers.router, boards.router, journeys.router, login.router, pages.router):
        app.include_router(router)

    @app.get("/livez", operation_id="livez", tags=["health"], response_class=PlainTextResponse)
    def livez() -> str:
        return "ok"

    @app.get("/readyz", operation_id="readyz", tags=["health"], response_class=PlainTextResponse)
    def readyz() -> str:
        service.log.reading.head()
        return "ok"

    return app
