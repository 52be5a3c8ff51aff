"""The embedded Postgres of `trailbook serve`, started again whenever it dies."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.embedded_postgres import EmbeddedPostgres, PostgresUnfit

LOOK: Final = 0.2
"""Seconds between two looks whether it lives."""
PATIENCE: Final = 30.0
"""Seconds for which a start is tried again before we give up."""


@contextmanager
def kept_postgres(home: Path, say: Callable[[str], None], patience: float = PATIENCE) -> Iterator[str]:
    """Its conninfo, which holds for every further start too: whoever is connected comes back by himself.

    Raises ``PostgresUnfit`` at once, or later, where it cannot be started again: then what runs inside is interrupted.
    """
    stopping = threading.Event()
    failures: list[PostgresUnfit] = []

    def watch() -> None:
        while not stopping.wait(LOOK):
            if server.has_died():
                say("Postgres has ended by itself; starting it again ...")
                try:
                    server.start_again(patience)
                except PostgresUnfit as error:
                    failures.append(error)
                    os.kill(os.getpid(), signal.SIGINT)
                    return
                say("Postgres runs again.")

    with EmbeddedPostgres(home) as server:
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield server.conninfo
        except KeyboardInterrupt:
            if not failures:
                raise
        finally:
            stopping.set()
            watcher.join()
    if failures:
        raise failures[0]
