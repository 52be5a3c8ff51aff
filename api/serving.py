"""`trailbook serve --all`: the database, the schema, the first key, the sample, the worker and the service."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress

import uvicorn

from api.app import create_app
from api.login import login_path
from api.sample_workspace import GROCERY, first_page, is_to_follow, load_first_sample
from api.settings import Settings
from api.wiring import Service, database, service
from domain.refusals import PortTaken
from event_log.crashpoint import plan_crash

Say = Callable[[str], None]


def serve(settings: Settings, say: Say, *, everything: bool) -> None:
    """Serve until Ctrl-C, then stop all of it in order."""
    plan_crash(settings.crash_at)
    # To be told to stop is to be interrupted: what runs beside us ends in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    door = _door(settings.port)
    say("Starting the database ...")
    with closing(door), database(settings, share=False) as conninfo, service(settings, conninfo) as wired:
        key = wired.keys.first_admin(settings.admin_key.get_secret_value() if settings.admin_key else None)
        if key is not None:
            say(f"The first administrator's key, shown this once: {key}")
        with _worker(conninfo, settings) if everything else nullcontext():
            if everything:
                load_first_sample(wired, settings.sample, say)
            _say_where_to_click(wired, settings, say)
            config = uvicorn.Config(create_app(wired), host="127.0.0.1", port=settings.port, log_level="warning")
            more = everything and is_to_follow(wired, settings.sample)
            # The server stops in order at Ctrl-C and then hands the signal on; it has done its work.
            with suppress(KeyboardInterrupt), _second_sample(conninfo, settings, say) if more else nullcontext():
                uvicorn.Server(config).run(sockets=[door])
    say("Stopped.")


def _door(port: int) -> socket.socket:
    """Ours before anything is started or loaded. Raises ``PortTaken``."""
    door = socket.socket()
    # A port that was left a moment ago is free.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
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


@contextmanager
def _second_sample(conninfo: str, settings: Settings, say: Say) -> Iterator[None]:
    """The grocery chain's two years go in beside us; stopped halfway, the next start goes on with them."""
    say("")
    process = _beside(conninfo, settings, "sample", GROCERY)
    try:
        yield
    finally:
        _end(process)


@contextmanager
def _worker(conninfo: str, settings: Settings) -> Iterator[None]:
    """A `trailbook work` beside us, started again whenever it dies."""
    stopping = threading.Event()
    process = _beside(conninfo, settings, "work")

    def watch() -> None:
        nonlocal process
        while not stopping.wait(0.5):
            if process.poll() is not None:
                process = _beside(conninfo, settings, "work")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()
        _end(process)


def _beside(conninfo: str, settings: Settings, *command: str) -> subprocess.Popen[bytes]:
    """A command of ours as a process of its own, on the same database."""
    environment = {
        **os.environ,
        "TRAILBOOK_DATABASE_URL": conninfo,
        "TRAILBOOK_HOME": str(settings.home.resolve()),
        "TRAILBOOK_PARENT": str(os.getpid()),
    }
    # Ctrl-C at the terminal is for us; what runs beside us is told to stop when we do.
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *command], env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
