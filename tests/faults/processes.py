"""`trailbook` as real processes: killed where it was planned, or running for as long as a test needs them."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

PATIENCE = 30
"""Seconds in which a process must come to the point at which it is to be killed."""


def killed_at(point: str, hit: int, command: str, environment: Mapping[str, str]) -> None:
    """Run a command until the n-th time it passes a crash point, where it is killed; that must come to pass."""
    planned = {**environment, "TRAILBOOK_CRASH_AT": f"{point}:{hit}"}
    with running(command, planned) as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL


@contextmanager
def running(command: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command that is told to stop at the end, if it still runs."""
    process = subprocess.Popen([sys.executable, "-m", "api.cli", command], env=environment)
    try:
        yield process
        process.terminate()
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
