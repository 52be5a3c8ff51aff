"""What our processes say: enough to find a fault, and nothing that anybody sent."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.api.test_service import KEY, RULEBOOK
from tests.faults.conftest import address_of, environment_of
from tests.faults.waiting import seconds_until

CANARY = "canary客户"
"""In every text that is sent, with a number behind it."""

Event = Mapping[str, Any]

OUTPUT = f"""
import asyncio, logging, sys, threading
from api.logs import log_to
log_to(sys.stderr)
import structlog

class Passed:
    def __del__(self): raise ValueError("{CANARY} 1")

async def never_awaited():
    async def fails(): raise ValueError("{CANARY} 2")
    asyncio.ensure_future(fails())
    await asyncio.sleep(0)

def fails(): raise KeyError("{CANARY} 3")

Passed()
asyncio.run(never_awaited())
thread = threading.Thread(target=fails)
thread.start()
thread.join()
logging.getLogger("theirs").warning("It is %s", "{CANARY} 4")
logging.getLogger("theirs").warning("It is {CANARY} 5")
structlog.get_logger().info("known", position=7, subject="{CANARY} 6")
raise LookupError("{CANARY} 7")
"""


AT_A_TERMINAL = """
import io, structlog
from api.logs import log_to

class Terminal(io.StringIO):
    isatty = lambda self: True

screen = Terminal()
log_to(screen)
structlog.get_logger().info("serving", port=8080)
print(screen.getvalue())
"""


def said_by(program: str) -> list[Event]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stdout == b""
    return events(done.stderr)


def events(output: bytes) -> list[Event]:
    """The lines that are JSON; the others are for the person who started it."""
    return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]


def test_however_a_process_fails_it_says_what_and_where_but_not_in_which_words() -> None:
    said = said_by(OUTPUT)

    assert CANARY.encode() not in json.dumps(said, ensure_ascii=False).encode()
    told = [(event["event"], event.get("kind"), event.get("said"), event.get("position")) for event in said]
    assert told == [
        ("an error is passed over", "ValueError", None, None),
        ("a library says", "ValueError", None, None),
        ("a thread ends", "KeyError", None, None),
        ("a library says", None, "It is %s", None),
        ("a library says", None, None, None),
        ("known", None, None, 7),
        ("the process ends", "LookupError", None, None),
    ]
    assert said[2]["where"][0].startswith("__main__:")


def test_a_person_at_a_terminal_reads_lines_and_no_json() -> None:
    done = subprocess.run([sys.executable, "-c", AT_A_TERMINAL], capture_output=True, check=True)

    assert b"serving" in done.stdout
    assert b"{" not in done.stdout


@contextmanager
def logging(command: str, environment: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """A command of ours, and the file into which all that it says goes."""
    file = folder / f"{command}.log"
    with file.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", command], env=environment, stdout=output, stderr=output
        )
    try:
        yield file
    finally:
        process.terminate()
        process.wait(20)


def fact(id: str, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{CANARY} id {id}",
        "source": f"{CANARY} source",
        "subject": f"{CANARY} subject",
        "type": "x",
        "time": "2026-03-01T00:00:00Z",
        "data": {f"{CANARY} name": f"{CANARY} value"},
        **more,
    }


def drive(client: httpx.Client) -> None:
    """Good calls and bad ones, all of them full of canaries."""
    document = {**RULEBOOK, "title": {"zh": f"{CANARY} title"}}
    headers = {"If-None-Match": "*", "Idempotency-Key": "canary-key"}
    said = {"document": document, "because": f"{CANARY} because", "effective_from": None}
    assert client.post("/v1/journeys/j/rulebooks", json=said, headers=headers).status_code == 201
    for sent, status in (
        (fact("1"), 201),
        (fact("1", data={}), 409),
        (fact("2", time=f"{CANARY} time"), 422),
        (fact("3", subject=f"{CANARY} \0"), 422),
        (fact("4", data={"text": f"{CANARY}" * 100_000}), 413),
    ):
        media = {"Content-Type": "application/cloudevents+json", "X-Canary": "canary-header"}
        assert client.post("/v1/facts", json=sent, headers=media).status_code == status
    for method, path in (
        ("GET", f"/v1/customers/{CANARY} subject/journeys/j?as_of={CANARY}"),
        ("GET", f"/v1/customers/{CANARY} subject"),
        ("GET", f"/v1/customers/{CANARY} nobody"),
        ("GET", f"/v1/facts?subject={CANARY}&type=%00"),
        ("POST", f"/v1/customers/{CANARY} subject/journeys/j/stage"),
        ("POST", f"/v1/rulebooks/lint?{CANARY}"),
        ("GET", f"/{CANARY}"),
    ):
        client.request(method, path, content=f'{{"{CANARY}": ' if method == "POST" else None)
    client.get("/v1/facts", headers={"Authorization": "Bearer tb_canary-secret"})
    client.get("/v1/facts", headers={"Cookie": "session=canary-session"})


def damage(owner: psycopg.Connection[Any]) -> None:
    """The entry of the only customer holds canaries instead of what was written."""
    for (table,) in owner.execute("select relid::regclass::text from pg_partition_tree('entries')").fetchall():
        owner.execute(f"alter table {table} disable trigger kept".encode())
    owner.execute("update entries set state = convert_to(%s, 'UTF8') where topic = 'fact'", [f'{{"v": "{CANARY}"}}'])


def test_no_text_that_was_sent_is_in_any_log(database: str, tmp_path: Path, open_folder: Path) -> None:
    environment = environment_of(database, tmp_path) | {"TRAILBOOK_LOG": "requests", "TRAILBOOK_ADMIN_KEY": KEY}
    address = address_of(environment)
    with (
        logging("serve", environment, tmp_path) as serving,
        psycopg.connect(database, autocommit=True) as owner,
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=20) as client,
    ):
        seconds_until(lambda: answers(client))
        drive(client)
        damage(owner)
        client.get(f"/v1/customers/{CANARY} subject/journeys/j")
        with logging("work", environment, tmp_path) as working:
            seconds_until(lambda: bool(owner.execute("select from parked").fetchall()))
        # Something nobody foresaw, with a canary in what the database says of it.
        owner.execute(f'alter table customers rename column subject to "{CANARY} column"'.encode())
        assert client.get(f"/v1/customers/{CANARY} subject").status_code == 500
        owner.execute(f'alter table customers rename column "{CANARY} column" to subject'.encode())

    output = serving.read_bytes() + working.read_bytes()
    server = open_folder / "session" / "postgres" / "server.log"
    everything = output + (server.read_bytes() if server.exists() else b"")
    assert b"canary" not in everything
    assert KEY.encode() not in everything
    requests = [event for event in events(output) if event["event"] == "request"]
    assert {(event["method"], event["route"], event["status"]) for event in requests} >= {
        ("POST", "/v1/facts", 409),
        ("GET", "/v1/customers/{customer:path}", 404),
        ("GET", "(none)", 404),
    }
    (unforeseen,) = [event for event in events(output) if event["event"] == "unforeseen"]
    assert unforeseen["kind"] == "UndefinedColumn"
    assert any(place.startswith("event_log.") for place in unforeseen["where"])
    assert {"serving", "stopped"} <= {event["event"] for event in events(output)}


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
