"""Whatever can be made of `/openapi.json`, right and wrong, is answered as it says there. schemathesis makes it up."""

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from api.app import create_app
from api.keyring import Wanted
from tests.api.story import Story, told_once
from tests.api.test_service import KEY

LONG = bool(os.environ.get("TRAILBOOK_LONG"))
EXAMPLES = 200 if LONG else 5

ALWAYS_LATE = "urn:trailbook:problem:not-caught-up"
BEYOND_A_SCHEMA = {
    "sendFacts": "`time` lies at most 5 minutes ahead",
    "sendBatch": "each message has its `type`",
    **dict.fromkeys(
        ["sendTrack", "sendIdentify", "sendPage", "sendScreen", "sendGroup", "sendAlias"],
        "`timestamp` lies at most 5 minutes ahead, and of two names one is given",
    ),
    "makeKey": "a seller's key names a seller, and a key ends in the future",
    "opportunitySnooze": "`until` lies ahead, by a year at most",
    "setStage": "the stage is one of the rulebook's",
    "publishRulebook": "a document is a sound rulebook of this journey",
    "previewRulebook": "a document is a sound rulebook of this journey",
    "startBacktest": "a candidate is a sound rulebook of a journey that has one, and a period ends before now",
    "listBacktests": "a cursor was given out before",
    "listBacktestCustomers": "a cursor was given out before",
    "listStageCustomers": "a cursor was given out before; `known_at` lies not ahead",
    "listOpportunities": "a cursor was given out before; `known_at` lies not ahead",
    "getBoard": "`known_at` lies not ahead",
    "getCustomer": "`known_at` lies not ahead, and only one of the two cuts is given",
    "getStanding": "`known_at` lies not ahead, and only one of the two cuts is given",
    "getTrail": "`known_at` lies not ahead, and only one of the two cuts is given",
    "explain": "`known_at` lies not ahead, and only one of the two cuts is given",
}
"""Why what fits the schema may be refused all the same: there, ``positive_data_acceptance`` has nothing to say."""

Case = schemathesis.Case[Any]

CHECKS = {
    # 503 is documented, with what it may say: the projections have not reached `after_position`. No other passes.
    "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    # What is not understood may first be found too large, or based on another version.
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428", "503"]
    },
}
GENERATION = {
    "deterministic": True,
    # The key is ours to send: what happens without it, or with a wrong one, `ignored_auth` asks by itself.
    "with-security-parameters": False,
    # A parameter that nobody knows is passed over, as is usual on the web.
    "allow-extra-parameters": False,
}
DOCUMENT = create_app(Mock()).openapi()


def described(**more: Any) -> schemathesis.BaseSchema:
    excused = [
        {"include-operation-id": list(BEYOND_A_SCHEMA), "checks": {"positive_data_acceptance": {"enabled": False}}},
        # A GET there is understood, as a question for the version numbered "preview".
        {"include-operation-id": ["previewRulebook"], "checks": {"unsupported_method": {"enabled": False}}},
    ]
    config = {"generation": GENERATION, "checks": CHECKS, "operations": excused}
    config |= {name.replace("_", "-"): value for name, value in more.items()}
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(config))
    schema.hook(map_query)
    return schema


def map_query(_: schemathesis.HookContext, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Most positions are far behind the log's end, and to ask for them is to be told to wait."""
    position = (query or {}).get("after_position")
    if query and isinstance(position, int) and not isinstance(position, bool) and position > 0:
        query["after_position"] = position % 9
    return query


@schemathesis.serializer("application/x-ndjson")
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def story(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One server for all; every key may do its worst to it."""
    name = f"schemathesis_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"create database {name} template {template}".encode())
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, told_once(make_conninfo(postgres, dbname=name), home) as told:
        # Nobody follows, so waiting for what was just written would be in vain.
        patch.setattr("api.waiting.PATIENCE", 0.0)
        yield told
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(scope="module")
def sellers_key(story: Story) -> str:
    return story.service.keys.add(Wanted("seller", "zhang"), by=None)[1]


made_up = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@described().parametrize()
@made_up
def test_an_administrator_finds_nothing(case: Case, story: Story) -> None:
    answered_as_described(case, story, KEY)


# What is systematically wrong is refused before anybody asks who it is.
@described(phases={"coverage": {"enabled": LONG}}).parametrize()
@made_up
def test_a_seller_finds_nothing(case: Case, story: Story, sellers_key: str) -> None:
    answered_as_described(case, story, sellers_key)


def test_what_is_made_by_one_call_can_be_asked_for_by_another(story: Story) -> None:
    """Whole conversations along the links of the document: a fact sent and looked up, a card listed and worked."""
    conversations = described(base_url=story.address, headers={"Authorization": f"Bearer {KEY}"}).as_state_machine()

    conversations.run(settings=settings(made_up, max_examples=EXAMPLES, stateful_step_count=8))


def answered_as_described(case: Case, story: Story, key: str) -> None:
    answer = case.call_and_validate(base_url=story.address, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code != 503 or answer.json()["type"] == ALWAYS_LATE
