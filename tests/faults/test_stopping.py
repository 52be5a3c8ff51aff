"""`serve --all` stopped or killed: what ran beside it ends, and the next start finds its data."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.faults.processes import children, free_port, is_alive
from tests.faults.waiting import seconds_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes in /proc")


def start(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    settings = {"TRAILBOOK_HOME": str(home), "TRAILBOOK_SAMPLE": "none", "PORT": str(port)}
    command = [sys.executable, "-m", "api.cli", "serve", "--all"]
    address = f"http://127.0.0.1:{port}/readyz"
    process = subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    seconds_until(lambda: answers(address))
    return process, address


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=1).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_all_that_runs_beside_it(open_folder: Path, number: signal.Signals) -> None:
    process, address = start(open_folder / f"stopped-{number}")
    beside = children(process.pid)
    assert beside

    process.send_signal(number)

    assert process.wait(30) == 0
    seconds_until(lambda: not any(map(is_alive, beside)))
    assert not answers(address)


def test_a_port_that_is_taken_is_told_before_anything_is_started(open_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        home = open_folder / "taken"
        settings = {"TRAILBOOK_HOME": str(home), "PORT": str(port)}
        command = [sys.executable, "-m", "api.cli", "serve", "--all"]
        refused = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, timeout=60, check=False)

    assert refused.returncode == 1
    assert f"It is {port}" in refused.stderr.decode()
    assert b"PORT=9000" in refused.stderr
    assert not home.exists()


def test_killed_it_leaves_no_worker_behind_and_starts_again(open_folder: Path) -> None:
    home = open_folder / "killed"
    process, _ = start(home)
    workers = [
        pid for pid in children(process.pid) if b"work" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    assert workers

    process.kill()
    process.wait()

    seconds_until(lambda: not any(map(is_alive, workers)))
    again, address = start(home)
    assert answers(address)
    again.terminate()
    assert again.wait(30) == 0
