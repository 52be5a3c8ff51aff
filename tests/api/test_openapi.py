"""The OpenAPI document: nothing is missing in it, and its examples are what a real server answers.

``TRAILBOOK_RECORD=1`` writes the examples anew.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator, FormatChecker

from api.app import create_app
from api.openapi.document import DescribedApi, examples
from api.problems import PROBLEM
from api.settings import Settings
from api.wiring import service
from tests.api.exchanges import Exchange, operations
from tests.api.served import served
from tests.api.story import told_once
from tests.api.test_erased import erase
from tests.api.test_service import KEY, event, publish, send

OPEN = {"livez", "readyz"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Mock()).openapi()


@pytest.fixture
def told(database: str, tmp_path: Path) -> Iterator[list[Exchange]]:
    with told_once(database, tmp_path) as story:
        yield story.exchanges


def test_the_examples_are_what_a_real_server_answers(told: list[Exchange], document: dict[str, Any]) -> None:
    if os.environ.get("TRAILBOOK_RECORD"):
        written = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
        Path(str(files("api.openapi").joinpath("examples.json"))).write_text(written, encoding="utf-8")
        examples.cache_clear()

    assert told == examples()


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    for example in examples():
        operation = _operation(document, example["operation"])
        if "body" in example:
            taken = operation["requestBody"]["content"][example["media"]]["schema"]
            _check(document, taken, example["body"])
        if "answer" in example:
            content = operation["responses"][str(example["status"])]["content"][example["answer_media"]]
            _check(document, content["schema"], example["answer"])


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("getStanding", "/v1/customers/c1/journeys/j"),
        ("getTrail", "/v1/customers/c1/journeys/j/trail"),
        ("getCustomer", "/v1/customers/c1"),
        ("listCustomerFacts", "/v1/customers/c1/facts"),
        ("getFact", "/v1/facts/2"),
    ],
)
def test_what_is_told_of_the_erased_fits_its_schema(
    database: str, tmp_path: Path, document: dict[str, Any], operation: str, path: str
) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    with service(Settings(home=tmp_path), database) as wired:
        wired.keys.first_admin(KEY)
        with (
            served(create_app(wired)) as address,
            httpx.Client(base_url=address, headers=headers, timeout=20) as client,
        ):
            publish(client)
            send(client, [event(1)])
            erase(wired, database)
            answer = client.get(path).json()

    schema = _operation(document, operation)["responses"]["200"]["content"]["application/json"]["schema"]
    _check(document, schema, answer)
    assert "erased" in json.dumps(answer)


def test_every_success_of_every_operation_has_an_example(document: dict[str, Any]) -> None:
    shown = {(example["operation"], str(example["status"])) for example in examples()}

    assert shown == {
        (operation["operationId"], status)
        for _, _, operation in operations(document)
        for status in operation["responses"]
        if status < "3"
    }


def test_every_operation_says_all_there_is_to_say(document: dict[str, Any]) -> None:
    known_tags = {tag["name"] for tag in document["tags"]}
    missing = [
        f"{operation['operationId']}: {what}"
        for _, method, operation in operations(document)
        for what in _missing(method, operation, known_tags)
    ]

    assert missing == []


def _missing(method: str, operation: Mapping[str, Any], known_tags: set[str]) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"]):
        yield "no telling operationId"
    if not operation.get("summary") or not operation.get("description") or not set(operation["tags"]) <= known_tags:
        yield "no summary, description or known tag"
    if (operation["operationId"] in OPEN) == ("security" in operation):
        yield "open or not?"
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        if not parameter.get("description"):
            yield f"parameter {parameter['name']}: no description"
        if "example" not in parameter and schema.get("type") != "boolean":
            yield f"parameter {parameter['name']}: no example"
        if schema.get("type") == "string" and not schema.keys() & {"format", "pattern", "enum", "const"}:
            yield f"parameter {parameter['name']}: any text?"
        if schema.get("type") == "integer" and "minimum" not in schema:
            yield f"parameter {parameter['name']}: no bounds"
    taken = operation.get("requestBody", {"content": {}})["content"]
    if method == "post" and not all(content.get("examples") and content["schema"] for content in taken.values()):
        yield "a body without schema or example"
    yield from _missing_of_answers(operation)


def _missing_of_answers(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, response in operation["responses"].items():
        for media, content in response.get("content", {}).items():
            if not content.get("schema"):
                yield f"{status} {media}: no schema"
            if status >= "4" and (media != PROBLEM or not content["examples"]):
                yield f"{status}: no problem"
        if status == "503" and "Retry-After" not in response["headers"]:
            yield "503: when to try again?"
    expected = set() if operation["operationId"] in OPEN else {"401", "503"}
    expected |= {"413", "422"} if "requestBody" in operation else set()
    yield from (f"no {status}" for status in sorted(expected - operation["responses"].keys()))


def test_every_route_that_is_no_page_is_described(document: dict[str, Any]) -> None:
    app = create_app(Mock())
    routes = {
        (route.path or "").replace(":path", "")
        for route in iter_route_contexts(app.routes)
        if (route.path or "").startswith("/v1/") or route.path in ("/livez", "/readyz")
    }

    assert routes == document["paths"].keys()
    assert isinstance(app, DescribedApi)
    assert app.openapi() is app.openapi()


def test_a_method_that_is_not_taken_is_answered_with_all_that_are() -> None:
    with served(create_app(Mock())) as address:
        refused = httpx.options(f"{address}/v1/facts")

    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")


def test_every_reference_leads_somewhere_and_every_schema_is_sound(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for found in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert found.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(operation for _, _, operation in operations(document) if operation["operationId"] == name)


def _check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)
