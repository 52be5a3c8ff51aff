"""A whole Trailbook to attack: its own Postgres behind a wire, a service, followers, and senders with their ledger."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from api.embedded_postgres import EmbeddedPostgres
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from tests.faults.conftest import KEY, RULEBOOK, address_of, environment_of
from tests.faults.ledger import Ledger
from tests.faults.processes import PATIENCE, children, started
from tests.faults.senders import sending
from tests.faults.waiting import seconds_until
from tests.faults.wire import Wire, wire

SERVICE: Final = "serve"
FOLLOWERS: Final = ("work 1", "work 2")
"""Processes by name; the first word is the command."""
PACE: Final = 0.03
"""Seconds between two requests of one sender: an attack is to meet a service at work, not one out of breath."""
MORE: Final = 8
"""Requests after which the service is taken to be at work again."""
LONGEST: Final = 90.0
"""Seconds after a fault in which everything must go on by itself."""


@dataclass(slots=True)
class Installation:
    """``wired`` looks at the same log from inside, past the wire."""

    postgres: EmbeddedPostgres
    wire: Wire
    wired: Service
    ledger: Ledger
    environment: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, crash_at: str = "") -> None:
        planned = {"TRAILBOOK_CRASH_AT": crash_at} if crash_at else {}
        self.processes[name] = started(name.split()[0], {**self.environment, **planned})

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def dies(self, name: str) -> None:
        """It was planned to, and does; a rebuild must get that far first."""
        assert self.processes[name].wait(LONGEST) == -signal.SIGKILL

    def postmaster(self) -> int:
        data = self.postgres.home / "postgres" / "data"
        return int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{address_of(self.environment)}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def kill_postgres(self, death: signal.Signals) -> None:
        """It is down, and nobody starts it but the caller."""
        os.kill(self.postmaster(), death)
        self.postgres.stop()

    def postgres_processes(self) -> list[int]:
        postmaster = self.postmaster()
        return [postmaster, *children(postmaster)]

    def recovers(self) -> float:
        """Seconds until requests are acknowledged again and what was stored until then is followed."""
        acked = self.ledger.acked
        taken = seconds_until(lambda: self.ledger.acked >= acked + MORE, LONGEST)
        return taken + self.catches_up()

    def catches_up(self) -> float:
        """Seconds until everything that is stored now is followed."""
        head = self.wired.log.reading.head()
        return seconds_until(lambda: self.wired.board.worked()[0] >= head, LONGEST)

    def live_version(self) -> int:
        (live,) = (one.version for one in self.wired.operating.status().versions if one.state == "live")
        return live

    def stop(self) -> None:
        """In order, as an operator would; nobody may have ended before."""
        for process in self.processes.values():
            process.terminate()
        ended = {name: process.wait(PATIENCE) for name, process in self.processes.items()}
        assert set(ended.values()) == {0}, ended

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@contextmanager
def installed(folder: Path, home: Path, followers: Sequence[str] = FOLLOWERS) -> Iterator[Installation]:
    """Running, with a rulebook, and nobody sends yet; ``folder`` is one that the account of Postgres may enter."""
    with ExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres(folder))
        between = stack.enter_context(wire(postgres.conninfo))
        wired = stack.enter_context(service(Settings(home=home), postgres.conninfo))
        publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
        ledger = stack.enter_context(closing(Ledger(home / "ledger.ndjson")))
        installation = Installation(postgres, between, wired, ledger, environment_of(between.conninfo, home))
        stack.callback(installation.end)
        for name in (SERVICE, *followers):
            installation.start(name)
        seconds_until(installation.is_ready, LONGEST)
        yield installation


@contextmanager
def under_load(installation: Installation) -> Iterator[None]:
    """Senders are at work, and are acknowledged; at the end they have finished."""
    with sending(address_of(installation.environment), KEY, installation.ledger, PACE):
        installation.recovers()
        yield
