"""Keys over HTTP and on the command line: made, shown once, rotated, revoked."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from api.fresh import LASTS
from api.keyring import Wanted
from api.wiring import Service
from domain.instants import DAY, rfc_3339
from tests.api.test_service import KEY


def make(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/keys", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def status_with(client: httpx.Client, key: str) -> int:
    return client.get("/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_key_is_shown_once_and_says_who_one_is(client: httpx.Client, database: str) -> None:
    made = make(client, role="seller", staff="zhang", label="Zhang's phone")
    me = client.get("/v1/me", headers={"Authorization": f"Bearer {made['key']}"}).json()
    listed = client.get("/v1/keys")

    assert made["key"].startswith(made["prefix"])
    assert made["prefix"].startswith("tb_")
    assert (me["key"], me["role"], me["staff"], me["label"]) == (made["id"], "seller", "zhang", "Zhang's phone")
    assert me["rights"] == ["move", "read_customers", "work"]
    assert [item["id"] for item in listed.json()["items"]][1:] == [made["id"]]
    assert made["key"] not in listed.text
    with psycopg.connect(database) as connection:
        kept = connection.execute("select api_keys::text from api_keys").fetchall()
    assert made["key"] not in str(kept)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({}, "/role"),
    ({"role": "chief"}, "/role"),
    ({"role": "seller"}, "/staff"),
    ({"role": "ingest", "staff": "zhang"}, "/staff"),
    ({"role": "ops", "staff": ["zhang"]}, "/staff"),
    ({"role": "ops", "label": "x" * 201}, "/label"),
    ({"role": "ops", "label": "a\0b"}, "/label"),
    ({"role": "ops", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ({"role": "ops", "expires_at": "tomorrow"}, "/expires_at"),
    ({"role": "ops", "rights": "all"}, "/rights"),
    ({"replaces": "that one"}, "/replaces"),
    ({"replaces": str(uuid4()), "role": "admin"}, "/role"),
    ({"replaces": str(uuid4()), "overlap": "a week"}, "/overlap"),
]


def test_what_cannot_be_a_key_is_a_problem_that_names_the_member(client: httpx.Client) -> None:
    for body, pointer in UNFIT:
        refused = client.post("/v1/keys", json=body)

        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), body
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert len(client.get("/v1/keys").json()["items"]) == 1


def test_a_revoked_key_ends_at_once_and_stays_in_the_list(client: httpx.Client) -> None:
    made = make(client, role="ops", staff="Wang Fang")
    before = status_with(client, made["key"])

    revoked = client.delete(f"/v1/keys/{made['id']}")
    again = client.delete(f"/v1/keys/{made['id']}")

    assert (before, revoked.status_code, again.status_code, status_with(client, made["key"])) == (200, 204, 204, 401)
    assert [item["revoked_at"] is None for item in client.get("/v1/keys").json()["items"]] == [True, False]
    unknown = client.delete(f"/v1/keys/{uuid4()}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:trailbook:problem:unknown-key")
    assert client.delete("/v1/keys/nonsense").status_code == 422


def test_the_last_administrators_key_cannot_be_revoked(client: httpx.Client) -> None:
    own = client.get("/v1/me").json()["key"]

    refused = client.delete(f"/v1/keys/{own}")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:trailbook:problem:last-administrator")
    assert status_with(client, KEY) == 200

    make(client, role="admin", staff="Li")
    assert client.delete(f"/v1/keys/{own}").status_code == 204
    assert status_with(client, KEY) == 401


def test_an_expired_administrator_does_not_count(client: httpx.Client, wired: Service, database: str) -> None:
    other, _ = wired.keys.add(Wanted("admin"), by=None)
    with psycopg.connect(database) as connection:
        connection.execute("update api_keys set expires_at = 1 where id = %s", [other.id])

    assert client.delete(f"/v1/keys/{client.get('/v1/me').json()['key']}").status_code == 409


def test_a_key_in_place_of_another_takes_over_and_the_old_one_ends_after_the_overlap(
    client: httpx.Client, wired: Service, database: str
) -> None:
    old = make(client, role="seller", staff="zhang", label="phone")
    new = make(client, replaces=old["id"], overlap="2d")
    kept = wired.keys.one(UUID(old["id"]))

    assert (new["role"], new["staff"], new["label"], new["replaces"]) == ("seller", "zhang", "phone", old["id"])
    assert kept.expires_at is not None
    assert abs(kept.expires_at - wired.keys.one(UUID(new["id"])).made_at - 2 * DAY) < 10_000_000
    assert (status_with(client, old["key"]), status_with(client, new["key"])) == (200, 200)

    with psycopg.connect(database) as connection:
        connection.execute("update api_keys set expires_at = instant_now() where id = %s", [old["id"]])
    # Who has a key is remembered for a second.
    time.sleep(LASTS)
    assert (status_with(client, old["key"]), status_with(client, new["key"])) == (401, 200)
    refused = client.post("/v1/keys", json={"replaces": old["id"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:trailbook:problem:key-not-in-force")
    assert client.post("/v1/keys", json={"replaces": str(uuid4())}).status_code == 404


def test_an_overlap_never_makes_a_key_last_longer(client: httpx.Client, wired: Service) -> None:
    soon = rfc_3339(wired.log.reading.now() + DAY)
    old = make(client, role="ops", expires_at=soon)
    make(client, replaces=old["id"])

    assert [item["expires_at"] for item in client.get("/v1/keys").json()["items"]] == [None, soon, None]


def test_a_preset_key_that_was_revoked_stays_revoked(client: httpx.Client, wired: Service) -> None:
    make(client, role="admin")
    client.delete(f"/v1/keys/{client.get('/v1/me').json()['key']}")

    assert wired.keys.first_admin(KEY) is None
    assert status_with(client, KEY) == 401


def test_the_commands_make_list_rotate_and_revoke(database: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(tmp_path)}

    def keys(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "api.cli", "keys", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    added = keys("add", "--role", "seller", "--staff", "zhang", "--label", "phone")
    (line,) = keys("list").stdout.splitlines()
    id, prefix, *rest = line.split("\t")
    rotated = keys("rotate", id, "--overlap", "1h")
    revoked = keys("revoke", id)
    states = [line.split("\t")[4].split()[0] for line in keys("list").stdout.splitlines()]
    refused = keys("add", "--role", "seller")

    assert added.returncode == 0, added.stderr
    assert added.stdout.strip().startswith(prefix)
    assert rest == ["seller", "zhang", "in force", "phone"]
    assert rotated.stdout.startswith("tb_")
    assert rotated.stdout != added.stdout
    assert (revoked.returncode, states) == (0, ["revoked", "in"])
    assert (refused.returncode, refused.stdout, "staff id" in refused.stderr) == (1, "", True)


def test_keys_are_not_described_with_their_secrets(client: httpx.Client) -> None:
    assert KEY not in json.dumps(client.get("/openapi.json").json())
