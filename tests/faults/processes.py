"""`trailbook` as real processes: killed where it was planned, frozen, or running for as long as a test needs them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 30
"""Seconds in which a process must come to the point at which it is to be killed."""


def killed_at(point: str, hit: int, command: str, environment: Mapping[str, str]) -> None:
    """Run a command until the n-th time it passes a crash point, where it is killed; that must come to pass."""
    planned = {**environment, "TRAILBOOK_CRASH_AT": f"{point}:{hit}"}
    with running(command, planned) as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL


@contextmanager
def running(command: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command with its options, told to stop at the end, if it still runs."""
    process = started(command, environment)
    try:
        yield process
        process.terminate()
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def started(command: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "api.cli", *command.split()], env=environment)


def freeze(pids: Iterable[int]) -> list[int]:
    """Stop the clock of these processes; returns those that there were."""
    return [pid for pid in pids if _told(pid, signal.SIGSTOP)]


def thaw(pids: Iterable[int]) -> None:
    for pid in pids:
        _told(pid, signal.SIGCONT)


def has_stopped(pid: int) -> bool:
    """Whether a process is frozen."""
    return _state(pid) == "T"


def is_alive(pid: int) -> bool:
    return _state(pid) not in (None, "Z")


def children(of: int) -> list[int]:
    """The processes that it started."""
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [number for number in numbers if (stat := _stat(number)) is not None and int(stat[1]) == of]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _told(pid: int, number: signal.Signals) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _state(pid: int) -> str | None:
    stat = _stat(pid)
    return stat[0] if stat is not None else None


def _stat(pid: int) -> list[str] | None:
    """What the kernel says of a process, behind its name: state, parent ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
