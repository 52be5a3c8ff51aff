"""Commands as a client meets them: moves by hand, opportunities worked, facts voided; and every no."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from api.keyring import Wanted
from api.opportunity_ids import opportunity_id
from api.wiring import Service
from domain.instants import DAY, SECOND, rfc_3339
from tests.api.test_commands import environment as environment  # a fixture
from tests.api.test_commands import lines, trailbook
from tests.api.test_service import KEY, event, send
from tests.event_log.given import erase_key

RULEBOOK: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}, {"id": "C"}],
    "manual": [{"from": "A", "to": ["B"]}, {"from": "B", "to": ["A"]}],
    "enter": {"when": {"fact": "x"}},
    "leave": {"when": {"fact": "gone"}},
    "moves": [{"id": "back", "from": "B", "to": "A", "when": {"fact": "back"}}],
    "opportunities": [
        {"id": "chat", "kind": "chat", "when": {"fact": "x"}},
        {"id": "again", "kind": "chat", "when": {"fact": "y"}},
        {"id": "call", "kind": "call", "when": {"fact": "x"}},
    ],
}
STAGE = "/v1/customers/c1/journeys/j/stage"
MOVE = {"from": "A", "stage": "B", "reason": "she asked for it"}
OPENED = "2026-03-01T00:00:00Z"


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    """Of the administrator; c1 has entered the journey and is zhang's."""
    body = {"document": RULEBOOK, "because": "first", "effective_from": None}
    assert client.post("/v1/journeys/j/rulebooks", json=body, headers={"If-None-Match": "*"}).status_code == 201
    assert send(client, [event(1), assigned(2, "zhang")]).json()["position"] == 3
    return client


def assigned(id: int, staff: str, **more: Any) -> dict[str, Any]:
    return event(id, type="staff.assigned", data={"staff": staff}, **more)


def post(client: httpx.Client, url: str, body: Any, key: str | None = None, auth: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {auth}"} | ({} if key is None else {"Idempotency-Key": key})
    return client.post(url, json=body, headers=headers)


def stage(client: httpx.Client) -> Any:
    return client.get("/v1/customers/c1/journeys/j").json()["stage"]


def head(client: httpx.Client) -> int:
    return int(client.get("/v1/facts", params={"limit": 1000}).json()["next"])


def key_of(wired: Service, wanted: Wanted) -> str:
    return wired.keys.add(wanted, None)[1]


def opportunity(wired: Service, rule: str = "chat", opened: int | None = None, customer: str = "c1") -> str:
    number = wired.log.reading.number(customer)
    assert number is not None
    at = wired.log.reading.customer(customer).facts[0].occurred_at
    return opportunity_id(number, "j", rule, at if opened is None else opened)


# Moves by hand ------------------------------------------------------------------------------------------------------


def test_a_move_by_hand_is_a_fact_and_is_seen_at_once(client: httpx.Client, wired: Service) -> None:
    wang = key_of(wired, Wanted("ops", "wang"))

    answer = post(client, STAGE, MOVE | {"hold": "3d"}, auth=wang)

    assert answer.status_code == 201
    told = answer.json()
    assert (told["position"], told["fact"]["source"]) == (4, "trailbook")
    standing = told["standing"]
    assert (standing["customer"], standing["journey"], standing["stage"]) == ("c1", "j", "B")
    assert (standing["since"], standing["next_timer"]["kind"]) == (standing["as_of"], "hold")
    fact = client.get("/v1/facts/4").json()
    assert (fact["type"], fact["id"], fact["time"]) == ("stage.set", told["fact"]["id"], standing["as_of"])
    assert fact["data"] == MOVE | {"journey": "j", "hold": "3d", "by": "wang"}
    assert stage(client) == "B"


def test_without_a_name_the_key_is_the_actor(client: httpx.Client, wired: Service) -> None:
    post(client, STAGE, MOVE)

    actor = wired.keys.actor(KEY)
    assert actor is not None
    assert client.get("/v1/facts/4").json()["data"]["by"] == str(actor.key)


def test_to_the_present_stage_nothing_moves_and_the_hold_applies(client: httpx.Client) -> None:
    before = client.get("/v1/customers/c1/journeys/j").json()["since"]

    standing = post(client, STAGE, MOVE | {"stage": "A", "hold": "1d"}).json()["standing"]

    assert (standing["stage"], standing["since"]) == ("A", before)
    assert standing["next_timer"]["kind"] == "hold"


NOT_UNDERSTOOD: list[tuple[Any, list[str]]] = [
    ([], [""]),
    ("text", [""]),
    ({}, ["/from", "/reason", "/stage"]),
    (MOVE | {"by": "wang"}, ["/by"]),
    (MOVE | {"a/b": 1}, ["/a~1b"]),
    (MOVE | {"reason": " "}, ["/reason"]),
    (MOVE | {"reason": 5}, ["/reason"]),
    (MOVE | {"reason": "\0"}, ["/reason"]),
    (MOVE | {"from": None}, ["/from"]),
    (MOVE | {"stage": ["B"]}, ["/stage"]),
    (MOVE | {"hold": 3}, ["/hold"]),
    (MOVE | {"hold": None}, ["/hold"]),
    (MOVE | {"hold": "a while"}, []),
    (MOVE | {"hold": "P1M"}, []),
    (MOVE | {"stage": "nothing"}, []),
]


def test_a_move_that_is_not_understood(client: httpx.Client) -> None:
    for body, pointers in NOT_UNDERSTOOD:
        answer = post(client, STAGE, body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), body
        assert [fault["pointer"] for fault in answer.json().get("errors", [])] == pointers
    assert head(client) == 3


def test_a_body_that_is_no_json_or_too_large(client: httpx.Client) -> None:
    assert client.post(STAGE, content=b"{oops").status_code == 400
    assert post(client, STAGE, MOVE | {"reason": "x" * 300_000}).status_code == 413
    assert post(client, STAGE, MOVE | {"reason": "x" * 1_100_000}).status_code == 413
    assert head(client) == 3


def test_a_move_in_conflict_is_told_where_she_stands(client: httpx.Client) -> None:
    present = client.get("/v1/customers/c1/journeys/j").json()
    for change, kind in (
        ({"from": "B", "stage": "A"}, "stage-changed"),
        ({"from": "nothing"}, "stage-changed"),
        ({"stage": "C"}, "move-not-allowed"),
    ):
        answer = post(client, STAGE, MOVE | change)
        assert (answer.status_code, answer.json()["type"]) == (409, f"urn:trailbook:problem:{kind}")
        standing = answer.json()["standing"]
        assert standing.pop("as_of") > present["as_of"]
        assert standing == {name: present[name] for name in standing}
    assert head(client) == 3


def test_off_the_journey_is_a_conflict_too(client: httpx.Client) -> None:
    send(client, [event(3, type="gone", day=2)])

    answer = post(client, STAGE, MOVE)

    assert (answer.status_code, answer.json()["standing"]["stage"]) == (409, None)
    assert answer.json()["type"] == "urn:trailbook:problem:off-the-journey"


def test_who_is_not_there_is_not_moved(client: httpx.Client) -> None:
    for path in ("nobody/journeys/j", "c1/journeys/none", "%00/journeys/j", "c1/journeys/%00"):
        assert post(client, f"/v1/customers/{path}/stage", MOVE).status_code == 404


def test_an_erased_customer_is_not_moved(client: httpx.Client, database: str) -> None:
    erase_key(database, "c1")

    assert post(client, STAGE, MOVE).status_code == 410
    assert post(client, "/v1/facts/2/void", {"reason": "wrong"}).status_code == 410


def test_a_customer_of_any_name_is_moved_and_still_found(client: httpx.Client) -> None:
    for number, name in enumerate(["a/b", "a/journeys/j", "x/journeys/j/stage", "客户 1", "x?y#z", "a%2Fb"], 10):
        send(client, [event(number, subject=name)])
        url = f"/v1/customers/{quote(name, safe='')}/journeys/j"
        assert post(client, f"{url}/stage", MOVE).status_code == 201
        assert (client.get(url).json()["customer"], client.get(url).json()["stage"]) == (name, "B")
    assert client.get("/v1/customers/x/journeys/j/stage").json()["customer"] == "x/journeys/j/stage"


def test_who_may_move(client: httpx.Client, wired: Service) -> None:
    roles: list[tuple[Wanted, int]] = [(Wanted("ingest"), 403), (Wanted("auditor"), 403), (Wanted("ops"), 201)]
    for wanted, status in roles:
        assert post(client, STAGE, MOVE, auth=key_of(wired, wanted)).status_code == status
    assert post(client, STAGE, MOVE, auth="tb_guess").status_code == 401


def test_twenty_moves_from_the_same_stage_at_once(client: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as several:
        answers = list(several.map(lambda _: post(client, STAGE, MOVE), range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {answer.json()["standing"]["stage"] for answer in answers} == {"B"}
    assert head(client) == 4


# The same key again -------------------------------------------------------------------------------------------------


def test_a_repetition_gets_the_same_answer_whatever_has_happened(client: httpx.Client) -> None:
    first = post(client, STAGE, MOVE, key="k 1")
    send(client, [event(3, type="gone", day=1)])
    again = post(client, STAGE, MOVE, key="k 1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["fact"] == {"source": "trailbook", "id": "k 1"}
    assert again.json() == first.json()
    assert head(client) == 5


def test_the_same_key_with_another_body_is_a_conflict(client: httpx.Client) -> None:
    post(client, STAGE, MOVE, key="k")
    for change in ({"reason": "another"}, {"hold": "1d"}, {"stage": "A"}):
        answer = post(client, STAGE, MOVE | change, key="k")
        assert answer.status_code == 409
        assert [fault["position"] for fault in answer.json()["errors"]] == [4]
    assert head(client) == 4


def test_the_same_key_for_another_command_is_a_conflict(client: httpx.Client, wired: Service) -> None:
    post(client, STAGE, MOVE, key="k")

    assert post(client, "/v1/facts/2/void", {"reason": "wrong"}, key="k").status_code == 409
    assert post(client, f"/v1/opportunities/{opportunity(wired)}/done", {}, key="k").status_code == 409
    assert post(client, STAGE, MOVE, key="k", auth=key_of(wired, Wanted("ops", "wang"))).status_code == 409


def test_which_keys_are_taken(client: httpx.Client) -> None:
    for key in (b"", b"x" * 256, b"\xe9", b"a\tb", "客".encode()):
        assert client.post(STAGE, json=MOVE, headers={b"Idempotency-Key": key}).status_code == 422
    for key in (b"x" * 255, b'~ !"/:'):
        stay = MOVE | {"stage": "A"}
        assert client.post(STAGE, json=stay, headers={b"Idempotency-Key": key}).status_code == 201


def test_a_storm_of_one_key_is_stored_once_and_answered_alike(client: httpx.Client) -> None:
    with ThreadPoolExecutor(10) as several:
        answers = list(several.map(lambda _: post(client, STAGE, MOVE, key="k"), range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert {answer.json()["position"] for answer in answers} == {4}


def test_the_door_for_facts_takes_the_header_and_goes_by_the_ids_of_the_facts(client: httpx.Client) -> None:
    client.headers["Idempotency-Key"] = "k"

    assert send(client, [event(3)]).json()["accepted"] == 1
    assert send(client, [event(4)]).json()["accepted"] == 1
    assert send(client, [event(3)]).json()["duplicates"] == 1


# Voids --------------------------------------------------------------------------------------------------------------


def test_a_voided_fact_has_no_effect_any_more(client: httpx.Client) -> None:
    answer = post(client, "/v1/facts/2/void", {"reason": "wrong person"})

    assert (answer.status_code, answer.json()["position"]) == (201, 4)
    fact = client.get("/v1/facts/4").json()
    assert (fact["type"], fact["subject"], fact["id"]) == ("fact.voided", "c1", answer.json()["fact"]["id"])
    assert {**fact["data"], "by": ""} == {"source": "s", "id": "1", "reason": "wrong person", "by": ""}
    assert stage(client) is None
    assert client.get("/v1/facts/2").status_code == 200


def test_a_fact_is_voided_once_and_a_void_never(client: httpx.Client) -> None:
    first = post(client, "/v1/facts/2/void", {"reason": "wrong"}, key="k")
    second = post(client, "/v1/facts/2/void", {"reason": "wrong"})
    undone = post(client, "/v1/facts/4/void", {"reason": "wrong"})
    repeated = post(client, "/v1/facts/2/void", {"reason": "wrong"}, key="k")

    assert (second.status_code, second.json()["type"]) == (409, "urn:trailbook:problem:already-voided")
    assert [fault["position"] for fault in second.json()["errors"]] == [4]
    assert (undone.status_code, undone.json()["type"]) == (409, "urn:trailbook:problem:void-of-void")
    assert (repeated.status_code, repeated.json()) == (200, first.json())
    assert head(client) == 4


def test_ten_voids_of_one_fact_at_once_are_one(client: httpx.Client) -> None:
    with ThreadPoolExecutor(10) as several:
        answers = list(several.map(lambda _: post(client, "/v1/facts/2/void", {"reason": "wrong"}), range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_what_is_not_voided(client: httpx.Client) -> None:
    for position, body, status in (
        ("99", {"reason": "wrong"}, 404),
        ("1", {"reason": "a publication"}, 404),
        ("0", {"reason": "wrong"}, 404),
        ("99999999999999999999", {"reason": "wrong"}, 404),
        ("one", {"reason": "wrong"}, 422),
        ("2", {}, 422),
        ("2", {"reason": ""}, 422),
        ("2", {"reason": "wrong", "by": "me"}, 422),
    ):
        assert post(client, f"/v1/facts/{position}/void", body).status_code == status
    assert head(client) == 3


def test_only_an_administrator_voids(client: httpx.Client, wired: Service) -> None:
    for wanted in (Wanted("ops"), Wanted("seller", "zhang"), Wanted("auditor"), Wanted("ingest")):
        assert post(client, "/v1/facts/2/void", {"reason": "x"}, auth=key_of(wired, wanted)).status_code == 403


def test_void_from_the_command_line(environment: dict[str, str], tmp_path: Path) -> None:
    trailbook(environment, "import", lines(tmp_path / "facts.ndjson", event(1)))

    done = trailbook(environment, "void", "1", "--reason", "wrong person")
    again = trailbook(environment, "void", "1", "--reason", "wrong person")
    unknown = trailbook(environment, "void", "9", "--reason", "wrong person")
    usage = trailbook(environment, "void", "1", "--reason", " ")

    assert (done.returncode, done.stdout) == (0, "position 1 is voided, by position 2\n")
    assert (again.returncode, again.stdout) == (1, "")
    assert "voided already" in again.stderr
    assert (unknown.returncode, usage.returncode) == (1, 2)


# Opportunities ------------------------------------------------------------------------------------------------------


def open_rules(client: httpx.Client) -> list[str]:
    return [entry["rule"] for entry in client.get("/v1/customers/c1/journeys/j").json()["open"]]


@pytest.mark.parametrize(("way", "type"), [("done", "opportunity.done"), ("skip", "opportunity.skipped")])
def test_working_a_card_works_all_its_reasons(client: httpx.Client, wired: Service, way: str, type: str) -> None:
    send(client, [event(3, type="y", day=2)])

    answer = post(client, f"/v1/opportunities/{opportunity(wired)}/{way}", {"note": "called"}, key="k")
    again = post(client, f"/v1/opportunities/{opportunity(wired)}/{way}", {"note": "called"}, key="k")

    assert (answer.status_code, answer.json()["position"]) == (201, 6)
    assert answer.json()["facts"] == [{"source": "trailbook", "id": id} for id in ("k", "k:again")]
    assert (again.status_code, again.json()) == (200, answer.json())
    facts = [client.get(f"/v1/facts/{position}").json() for position in (5, 6)]
    assert [(fact["type"], fact["data"]["rule"], fact["data"]["note"]) for fact in facts] == [
        (type, "chat", "called"),
        (type, "again", "called"),
    ]
    assert open_rules(client) == ["call"]


def test_no_body_is_needed(client: httpx.Client, wired: Service) -> None:
    assert client.post(f"/v1/opportunities/{opportunity(wired, 'call')}/done").status_code == 201
    assert open_rules(client) == ["chat"]


def test_a_snoozed_card_stays_open(client: httpx.Client, wired: Service) -> None:
    send(client, [event(3, type="y", day=2)])
    until = rfc_3339(wired.log.reading.now() + DAY)

    answer = post(client, f"/v1/opportunities/{opportunity(wired)}/snooze", {"until": until.replace("Z", "+00:00")})

    assert (answer.status_code, len(answer.json()["facts"])) == (201, 2)
    data = [client.get(f"/v1/facts/{position}").json()["data"] for position in (5, 6)]
    assert [(entry["journey"], entry["rule"], entry["until"]) for entry in data] == [
        ("j", "chat", until),
        ("j", "again", until),
    ]
    assert open_rules(client) == ["again", "call", "chat"]


def test_a_renewed_card_has_the_id_of_its_opening(client: httpx.Client, wired: Service) -> None:
    opened = opportunity(wired)
    send(client, [event(3, day=2)])
    renewed = opportunity(wired, opened=wired.log.reading.customer("c1").facts[-1].occurred_at)

    assert post(client, f"/v1/opportunities/{renewed}/done", {}).status_code == 409
    assert post(client, f"/v1/opportunities/{opened}/done", {}).status_code == 201


def test_what_is_not_open_any_more_is_told_with_what_is(client: httpx.Client, wired: Service) -> None:
    url = f"/v1/opportunities/{opportunity(wired)}/done"
    post(client, url, {})

    answer = post(client, url, {})

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:trailbook:problem:not-open")
    assert answer.json()["open"] == [{"journey": "j", "rule": "call", "kind": "call", "since": OPENED}]
    assert head(client) == 4


def test_ten_that_work_one_card_at_once_are_one(client: httpx.Client, wired: Service) -> None:
    url = f"/v1/opportunities/{opportunity(wired)}/done"
    with ThreadPoolExecutor(10) as several:
        answers = list(several.map(lambda _: post(client, url, {}), range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_work_that_is_not_understood(client: httpx.Client, wired: Service) -> None:
    bodies: list[tuple[str, Any]] = [
        ("done", []),
        ("done", {"note": 5}),
        ("done", {"until": "2030-01-01T00:00:00Z"}),
        ("skip", {"reason": "x"}),
        ("snooze", {}),
        ("snooze", {"until": "soon"}),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}),
        ("snooze", {"until": "2999-01-01T00:00:00Z"}),
        ("snooze", {"until": "2999-01-01T00:00:00Z", "note": "x"}),
    ]
    for way, body in bodies:
        assert post(client, f"/v1/opportunities/{opportunity(wired)}/{way}", body).status_code == 422
    assert head(client) == 3


def test_an_opportunity_that_never_was(client: httpx.Client, wired: Service) -> None:
    stranger = opportunity_id(UUID(int=7), "j", "chat", 0)
    ids = [stranger, opportunity(wired, "no-rule"), "x", "%20", opportunity(wired)[:-1], "A" * 43, "A" * 500]
    for id in ids:
        assert post(client, f"/v1/opportunities/{id}/done", {}).status_code == 404, id


def test_of_an_erased_customer(client: httpx.Client, wired: Service, database: str) -> None:
    url = f"/v1/opportunities/{opportunity(wired)}/done"
    erase_key(database, "c1")

    assert post(client, url, {}).status_code == 410


def test_who_may_work(client: httpx.Client, wired: Service) -> None:
    url = f"/v1/opportunities/{opportunity(wired)}/skip"
    roles: list[tuple[Wanted, int]] = [(Wanted("ingest"), 403), (Wanted("auditor"), 403), (Wanted("ops"), 201)]
    for wanted, status in roles:
        assert post(client, url, {}, auth=key_of(wired, wanted)).status_code == status


# Sellers ------------------------------------------------------------------------------------------------------------

Commands = dict[str, Callable[[str], httpx.Response]]


@pytest.fixture
def commands(client: httpx.Client, wired: Service) -> Commands:
    """By name; each takes the key of who asks."""
    card = f"/v1/opportunities/{opportunity(wired)}"
    until = {"until": rfc_3339(wired.log.reading.now() + DAY)}
    return {
        "snooze": lambda auth: post(client, f"{card}/snooze", until, auth=auth),
        "skip": lambda auth: post(client, f"{card}/skip", {}, auth=auth),
        "stage": lambda auth: post(client, STAGE, MOVE, auth=auth),
    }


def test_a_seller_moves_and_works_own_customers_only(client: httpx.Client, wired: Service, commands: Commands) -> None:
    zhang, wang = (key_of(wired, Wanted("seller", staff)) for staff in ("zhang", "wang"))

    for name, command in commands.items():
        assert (command(wang).status_code, command(zhang).status_code) == (404, 201), name
    assert client.get("/v1/facts/4").json()["data"]["by"] == "zhang"
    assert head(client) == 6


def test_to_a_seller_anothers_customer_is_as_unknown_as_nobody(client: httpx.Client, wired: Service) -> None:
    wang = key_of(wired, Wanted("seller", "wang"))
    for theirs, nobodys, body in (
        (STAGE, STAGE.replace("c1", "c2"), MOVE),
        (STAGE, STAGE.replace("c1", "c2"), MOVE | {"stage": "nothing"}),
        (STAGE.replace("/j/", "/k/"), STAGE.replace("c1", "c2"), MOVE),
        (
            f"/v1/opportunities/{opportunity(wired)}/done",
            f"/v1/opportunities/{opportunity_id(UUID(int=7), 'j', 'chat', 0)}/done",
            {},
        ),
    ):
        refused, unknown = post(client, theirs, body, auth=wang), post(client, nobodys, body, auth=wang)
        assert (refused.status_code, refused.json()) == (404, unknown.json())


def test_whose_customer_she_has_become_counts_for_a_repetition_too(client: httpx.Client, wired: Service) -> None:
    zhang = key_of(wired, Wanted("seller", "zhang"))
    assert post(client, STAGE, MOVE, key="k", auth=zhang).status_code == 201
    assert post(client, STAGE, MOVE, key="k", auth=zhang).status_code == 200
    card = f"/v1/opportunities/{opportunity(wired)}/done"
    assert post(client, card, {}, key="c", auth=zhang).status_code == 201
    send(client, [assigned(9, "wang", time=rfc_3339(wired.log.reading.now() - SECOND))])

    assert post(client, STAGE, MOVE, key="k", auth=zhang).status_code == 404
    nobodys = f"/v1/opportunities/{opportunity_id(UUID(int=7), 'j', 'chat', 0)}/done"
    refused, unknown = (post(client, url, {}, key="c", auth=zhang) for url in (card, nobodys))
    assert (refused.status_code, refused.json()) == (404, unknown.json())
