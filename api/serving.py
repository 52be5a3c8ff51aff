"""`trailbook serve`: the database, the schema, the first key, the sample, the worker, and processes that answer."""

import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final

import structlog
import uvicorn

from api.app import create_app
from api.beside import beside, ended_without, kept_running, running_once
from api.head_file import HeadFile, head_watched
from api.kept_postgres import kept_postgres
from api.login import login_path
from api.logs import log_to
from api.metrics import COUNTED_TOGETHER
from api.sample_workspace import GROCERY, first_page, is_to_follow, load_first_sample
from api.settings import Settings
from api.wiring import Service, database, service
from domain.refusals import PortTaken
from event_log.crashpoint import plan_crash

Say = Callable[[str], None]

GRACE: Final = 5
"""Seconds that an answer under way may take once we are told to stop."""
QUEUE: Final = 2048
"""Connections that wait at the door until a process takes them in."""


def serve(settings: Settings, say: Say, *, everything: bool, workers: int = 1) -> None:
    """Serve until Ctrl-C, then stop all of it in order; with more than one worker, by processes behind one door."""
    plan_crash(settings.crash_at)
    log_to(sys.stderr)
    # To be told to stop is to be interrupted: what runs beside us ends in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if settings.door is not None:
        _serve_behind(socket.socket(fileno=settings.door), settings)
        return
    door = _door(settings.port)
    say("Starting the database ...")
    with (
        closing(door),
        _database(settings, say) as conninfo,
        service(settings, conninfo) as wired,
        head_watched(wired.pool, HeadFile(settings.home)),
    ):
        key = wired.keys.first_admin(settings.admin_key.get_secret_value() if settings.admin_key else None)
        if key is not None:
            say(f"The first administrator's key, shown this once: {key}")
        start = partial(beside, settings=_theirs(conninfo, settings))
        with kept_running(lambda: start(["work"])) if everything else nullcontext():
            if everything:
                load_first_sample(wired, settings.sample, say)
            _say_where_to_click(wired, settings, say)
            more = everything and is_to_follow(wired, settings.sample)
            if more:
                say("")
            # The server stops in order at Ctrl-C and then hands the signal on; it has done its work.
            with (
                suppress(KeyboardInterrupt),
                running_once(lambda: start(["sample", GROCERY])) if more else nullcontext(),
            ):
                if workers == 1:
                    _answer(wired, door, settings)
                else:
                    _answer_beside(conninfo, settings, door, workers)
    say("Stopped.")


def _answer(wired: Service, door: socket.socket, settings: Settings) -> None:
    """Until a signal."""
    app = create_app(wired, log_requests=settings.log == "requests")
    log = structlog.get_logger()
    log.info("serving", port=settings.port)
    # What it has to say goes the way of all our logs.
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=GRACE))
    try:
        server.run(sockets=[door])
    finally:
        log.info("stopped")


def _answer_beside(conninfo: str, settings: Settings, door: socket.socket, workers: int) -> None:
    """Until a signal, by processes that inherit the door; a connection made while one dies waits for another."""
    with TemporaryDirectory(prefix="trailbook-counted-") as counted:
        theirs = {**_theirs(conninfo, settings), "TRAILBOOK_DOOR": str(door.fileno()), COUNTED_TOGETHER: counted}
        with kept_running(lambda: beside(["serve"], theirs, inherits=[door.fileno()]), workers):
            threading.Event().wait()


def _serve_behind(door: socket.socket, settings: Settings) -> None:
    """One of those processes: it stops when it is told to, or when the one that opened the door is gone."""
    with (
        database(settings) as conninfo,
        service(settings, conninfo) as wired,
        head_watched(wired.pool, HeadFile(settings.home)),
        suppress(KeyboardInterrupt),
    ):
        ended_without(settings.parent)
        _answer(wired, door, settings)


def _theirs(conninfo: str, settings: Settings) -> dict[str, str]:
    """The settings of what runs beside us on the same database."""
    return {"TRAILBOOK_DATABASE_URL": conninfo, "TRAILBOOK_HOME": str(settings.home.resolve())}


def _database(settings: Settings, say: Say) -> AbstractContextManager[str]:
    """An embedded one is ours alone."""
    return database(settings) if settings.database_url is not None else kept_postgres(settings.home, say)


def _door(port: int) -> socket.socket:
    """Ours before anything is started or loaded; who comes early waits. Raises ``PortTaken``."""
    door = socket.socket()
    # A port that was left a moment ago is free.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        # Before that another could have the port as well.
        door.listen(QUEUE)
    except OSError as error:
        door.close()
        raise PortTaken(f"It is {port}: {error.strerror}.") from None
    return door


def _say_where_to_click(wired: Service, settings: Settings, say: Say) -> None:
    address = f"http://127.0.0.1:{settings.port}"
    say("")
    say(f"  Open the board:  {address}{login_path(wired, first_page(settings.sample))}")
    say(f"  The API:         {address}/openapi.json")
    say("  Ctrl-C stops everything; the data stays for the next start.")
