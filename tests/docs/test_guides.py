"""The guides for API clients and auditors are true: every example in them is run, on a whole service, and compared.

Only `console` blocks are examples; a block with a file's name behind its language is that file.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.api.test_service import KEY
from tests.docs.console import Terminal, blocks_of, commands_of, matches

GUIDES = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture
def environment(database: str, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """That of a terminal beside a `trailbook serve --all`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORT": str(port),
        "TRAILBOOK_DATABASE_URL": database,
        "TRAILBOOK_HOME": str(tmp_path / "home"),
        "TRAILBOOK_SAMPLE": "none",
        "TRAILBOOK_ADMIN_KEY": KEY,
        "TRAILBOOK": address,
        "KEY": KEY,
        "COLUMNS": "80",
    }
    command = [sys.executable, "-m", "api.cli", "serve", "--all"]
    service = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"{address}/readyz", service)
        yield environment
    finally:
        service.send_signal(signal.SIGINT)
        service.wait(20)


def _wait_for(address: str, service: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while service.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("The service does not answer.")


@pytest.mark.parametrize("guide", ["api-clients.md", "auditors.md", "runbook.md"])
def test_every_example_does_what_the_guide_says(guide: str, environment: Mapping[str, str], tmp_path: Path) -> None:
    blocks = list(blocks_of((GUIDES / guide).read_text(encoding="utf-8")))
    folder = tmp_path / "terminal"
    folder.mkdir()
    terminal = Terminal(folder, environment)
    wrong = []
    for block in blocks:
        if block.name is not None:
            (folder / block.name).write_text(block.text, encoding="utf-8")
        for command in commands_of(block) if block.language == "console" else ():
            printed = terminal.run(command.text)
            if not matches("\n".join(command.printed), printed):
                wrong.append(f"{guide}:{command.line}: {command.text}\n{printed.strip()}")
    terminal.close()

    assert wrong == [], "\n\n".join(wrong)
    assert any(block.language == "console" for block in blocks)


@pytest.mark.parametrize("guide", ["api-clients.md", "auditors.md", "runbook.md"])
def test_nothing_looks_like_an_example_that_is_none(guide: str) -> None:
    blocks = blocks_of((GUIDES / guide).read_text(encoding="utf-8"))

    assert [block.line for block in blocks if block.language != "console" and block.name is None] == []


def test_the_comparison_can_fail() -> None:
    assert matches('{"a": 1, "b": ...}', '{"a":1,"b":"x"}\n')
    assert not matches('{"a": 1, "b": ...}', '{"a":2,"b":"x"}\n')
    assert not matches('{"a": 1}', '{"a":1,"b":"x"}\n')
    assert not matches("", "curl: (7) Failed to connect\n")
