"""Why a customer stands there, over HTTP: one step and its sentence."""

from typing import Any

import httpx
import pytest

from tests.api.test_service import event, publish, send

WHY = "/v1/customers/c1/journeys/j/why"
RULES: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True, "title": {"zh": "潜客", "en": "Lead"}}, {"id": "B"}],
    "enter": {"when": {"fact": "contact.added"}},
    "leave": {"when": {"fact": "contact.removed"}},
    "tags": [
        {
            "id": "price-twice",
            "when": {
                "fact": "content.clicked",
                "where": {"content": "price-list"},
                "times": {"at_least": 2, "within": "7d"},
            },
            "add": "关注价格",
            "expires": "21d",
        }
    ],
    "moves": [{"id": "silent", "from": "A", "to": "B", "after": "14d", "since": {"last": "content.clicked"}}],
    "opportunities": [
        {"id": "price", "kind": "chat", "title": "反复看价格", "if": {"tag": "关注价格"}, "open_for": "2d"}
    ],
}
CLICK = {"type": "content.clicked", "data": {"content": "price-list"}}


@pytest.fixture
def client(client: httpx.Client) -> httpx.Client:
    assert publish(client, document=RULES).status_code == 201
    history = [event(1, type="contact.added"), event(2, 3, **CLICK), event(3, 5, **CLICK)]
    assert send(client, [*history, event(4, 28, type="contact.removed")]).status_code == 201
    return client


def ask(client: httpx.Client, day: int, **about: str) -> dict[str, Any]:
    answer = client.get(WHY, params={"as_of": f"2026-03-{day:02d}T12:00:00Z", **about})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_why_this_stage(client: httpx.Client) -> None:
    entered, moved, left = ask(client, 6), ask(client, 20), ask(client, 30)

    assert entered["about"] == {"stage": "A"}
    assert entered["sentence"] == {
        "zh": "客户加了好友 → 进入旅程，站在『潜客』",
        "en": "The customer was added as a contact → entered the journey at Lead",
    }
    assert moved["about"] == {"stage": "B"}
    assert moved["sentence"]["zh"] == "14 天没有点击 → 从『潜客』到『B』"
    assert moved["step"] == {
        "at": "2026-03-19T00:00:00Z",
        "kind": "moved",
        "from": "A",
        "to": "B",
        "cause": {"fact": None, "timer": "after", "rule": "silent", "rulebook": 1},
    }
    assert left["about"] == {"stage": None}
    assert left["sentence"]["en"] == "The contact was removed → left the journey, was in B"


def test_why_this_tag_and_why_it_is_gone(client: httpx.Client) -> None:
    there, gone = ask(client, 6, tag="关注价格"), ask(client, 27, tag="关注价格")

    assert there["about"] == {"tag": "关注价格"}
    assert there["sentence"] == {
        "zh": "客户 7 天内点了 2 次『price-list』 → 打上『关注价格』，21 天后自动去掉",
        "en": "The customer clicked price-list 2 times within 7 days → tagged 关注价格, removed again after 21 days",
    }
    assert there["step"]["cause"]["fact"] == {"source": "s", "id": "3", "type": "content.clicked"}
    assert gone["sentence"]["zh"] == "标签『关注价格』的 21 天到期 → 去掉『关注价格』"


def test_why_this_opportunity(client: httpx.Client) -> None:
    opened, closed = ask(client, 6, opportunity="price"), ask(client, 8, opportunity="price")

    assert opened["about"] == {"opportunity": "price"}
    assert opened["sentence"]["zh"].endswith("有标签『关注价格』 → 打开机会『反复看价格』，2 天后自动关闭")
    assert closed["sentence"]["zh"] == "机会『反复看价格』的 2 天到期 → 关闭机会『反复看价格』"


def test_the_answer_names_its_cuts_and_holds_to_them(client: httpx.Client) -> None:
    then = ask(client, 20, known_position="3")

    assert (then["customer"], then["journey"], then["as_of"]) == ("c1", "j", "2026-03-20T12:00:00Z")
    assert then["position"] == 3
    assert "known_at" in then
    assert then["step"]["at"] == "2026-03-17T00:00:00Z"
    assert client.get(WHY, params={"tag": "关注价格", "known_position": "3"}).status_code == 404
    assert ask(client, 20, rulebook="1")["sentence"] == ask(client, 20)["sentence"]


def test_who_was_never_on_the_journey_gets_a_sentence_and_no_step(client: httpx.Client) -> None:
    send(client, [event(9, subject="c2")])

    answer = client.get("/v1/customers/c2/journeys/j/why").json()

    assert (answer["about"], answer["step"]) == ({"stage": None}, None)
    assert answer["sentence"] == {
        "zh": "客户从未进入过这个旅程",
        "en": "The customer has never been on this journey",
    }


def test_what_cannot_be_explained_is_a_problem(client: httpx.Client) -> None:
    problems = {
        "?tag=vip": (404, "unknown-tag"),
        "?opportunity=call": (404, "opportunity-never-open"),
        "?tag=a&opportunity=b": (422, "not-understood"),
        "?rulebook=7": (404, "unknown-rulebook"),
        "?known_position=99": (422, "ahead-of-now"),
    }

    for query, (status, name) in problems.items():
        answer = client.get(WHY + query)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:trailbook:problem:{name}"), query
    client.headers["Authorization"] = "Bearer tb_guess"
    assert client.get(WHY).status_code == 401
