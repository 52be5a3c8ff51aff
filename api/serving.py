"""`trailbook serve`: the database, the schema, the first key, the sample and the HTTP service, in one go."""

from collections.abc import Callable
from importlib.resources import files

import uvicorn

from api.app import create_app
from api.journeys import publish_first
from api.settings import Settings
from api.wiring import Service, database, service

SAMPLE_JOURNEY = "grocery"

Say = Callable[[str], None]


def serve(settings: Settings, say: Say) -> None:
    """Serve until Ctrl-C, then stop all of it in order."""
    say("Starting the database ...")
    with database(settings) as conninfo, service(settings, conninfo) as wired:
        key = wired.keys.first_admin(settings.admin_key.get_secret_value() if settings.admin_key else None)
        if key is not None:
            say(f"The first administrator's key, shown this once: {key}")
        if settings.sample == SAMPLE_JOURNEY:
            publish_sample_rulebook(wired)
        address = f"http://127.0.0.1:{settings.port}"
        say(f"Serving at {address}; {address}/openapi.json describes the calls. Ctrl-C stops everything.")
        config = uvicorn.Config(create_app(wired), host="127.0.0.1", port=settings.port, log_level="warning")
        uvicorn.Server(config).run()
    say("Stopped.")


def publish_sample_rulebook(wired: Service) -> None:
    """Publish the sample's rulebook, once."""
    if wired.log.publications.of(SAMPLE_JOURNEY):
        return
    text = (files("api") / "sample" / "rulebook.yaml").read_text(encoding="utf-8")
    publish_first(
        wired,
        SAMPLE_JOURNEY,
        text,
        because="The sample workspace's own rules.",
        effective_from=None,
        retroactive=False,
        by="trailbook",
    )
