"""`/openapi.json`: the routes as they describe themselves, what holds for all of them, and examples from life."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

from api.access import RIGHTS, Allowed, NotAllowed, NotAuthenticated, Permission
from api.openapi import answers, backtest_report, backtested, bodies, messages, operations, published, standings
from api.openapi.describing import add_problems
from api.problems import NotFound
from api.seen import Seen
from domain.refusals import LogWentBack, NotCaughtUp, NotUnderstood, SellersShutOut, StoreAway

Example = Mapping[str, Any]

ABOUT = """\
The history of every customer as facts, and where they stand by replay. Times are UTC, RFC 3339; durations `14d` or
ISO 8601; errors RFC 9457 problems of fixed types; lists `{"items", "next"}` with the same in `Link: rel="next"`.
"""

TAGS: Mapping[str, str] = {
    "facts": "The door for facts, and the log in order of position.",
    "segment": "The door for the clients of Segment and RudderStack; `Content-Encoding: gzip` is taken.",
    "customers": "Where a customer stands and why, now and at any cut.",
    "commands": "What people decide, stored as facts.",
    "opportunities": "The list of a day, and working it.",
    "board": "Who stands in which stage.",
    "journeys": "Journeys and the versions of their rulebooks.",
    "backtests": "All of history against other rules: started, watched, read and compared.",
    "keys": "API keys, and who one is oneself.",
    "operations": "How far the projections are, and who is set aside.",
    "health": "For whoever runs it.",
}


LINKS: Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]] = {
    ("sendFacts", "201"): {"getFact": {"position": "/position"}, "voidFact": {"position": "/position"}},
    ("listFacts", "200"): {
        "getFact": {"position": "/items/0/position"},
        "getCustomer": {"customer": "/items/0/subject"},
    },
    ("listCustomers", "200"): {
        "getCustomer": {"customer": "/items/0/customer"},
        "listCustomerFacts": {"customer": "/items/0/customer"},
        "getStanding": {"customer": "/items/0/customer", "journey": "/items/0/journeys/0/journey"},
    },
    ("getStanding", "200"): {
        "getTrail": {"customer": "/customer", "journey": "/journey"},
        "explain": {"customer": "/customer", "journey": "/journey"},
    },
    ("listJourneys", "200"): {
        "getBoard": {"journey": "/items/0/journey"},
        "getRulebook": {"journey": "/items/0/journey", "number": "/items/0/rulebook"},
    },
    ("listOpportunities", "200"): {
        "opportunityDone": {"opportunity": "/items/0/id"},
        "opportunitySkip": {"opportunity": "/items/0/id"},
        "opportunitySnooze": {"opportunity": "/items/0/id"},
    },
    ("startBacktest", "202"): {
        "getBacktest": {"id": "/id"},
        "listBacktestCustomers": {"id": "/id"},
        "compareBacktests": {"id": "/id", "other": "/id"},
        "endBacktest": {"id": "/id"},
    },
    ("makeKey", "201"): {"revokeKey": {"id": "/id"}},
}
"""What can be asked next: by operation and status the operations, with where their parameters stand in the answer."""


class DescribedApi(FastAPI):
    """An app whose OpenAPI document is made once, here."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _document(self)
        return self.openapi_schema


@cache
def examples() -> list[Example]:
    """Exchanges with a real server, in order: operation, what was sent, status and answer."""
    read: list[Example] = json.loads(files("api.openapi").joinpath("examples.json").read_text(encoding="utf-8"))
    return read


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Trailbook",
        version=app.version,
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": sentence} for name, sentence in TAGS.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    permissions = dict(_permissions(app))
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation, permissions.get(operation["operationId"]))
    document["components"] = {
        "schemas": _schemas(),
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key; it begins with `tb_`."},
            "writeKey": {"type": "http", "scheme": "basic", "description": "An API key as user, without password."},
        },
    }
    return document


def _permissions(app: FastAPI) -> Iterator[tuple[str, tuple[Permission, bool]]]:
    """By operation the permission it takes, and whether it shows each actor what they may see."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            for dependency in route.dependant.dependencies:
                if isinstance(dependency.call, Allowed | Seen):
                    yield str(route.operation_id), (dependency.call.permission, isinstance(dependency.call, Seen))


def _complete(operation: dict[str, Any], declared: tuple[Permission, bool] | None) -> None:
    """What the routes need not say each for itself."""
    responses = operation["responses"]
    if "HTTPValidationError" in json.dumps(responses.get("422", {})):
        del responses["422"]
    operation["summary"] = " ".join(operation["description"].split()).partition(". ")[0].removesuffix(".")
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter["schema"] = _of_a_text(parameter["schema"])
        parameter["schema"].pop("description", None)
    if any(not _is_name(parameter) for parameter in parameters):
        add_problems(responses, NotUnderstood)
    if any(_is_name(parameter) for parameter in parameters):
        # A slash in a name that may have none leads to where there is nothing.
        add_problems(responses, NotFound)
    if any(parameter["name"] == "after_position" for parameter in parameters):
        add_problems(responses, NotCaughtUp)
    if "security" in operation:
        operation["security"] = [{"key": []}, *(way for way in operation["security"] if "writeKey" in way)]
        add_problems(responses, NotAuthenticated, StoreAway, LogWentBack)
    if declared is not None:
        permission, seen = declared
        roles = ", ".join(role for role, rights in RIGHTS.items() if permission in rights)
        operation["description"] += f"\n\nNeeds the right `{permission}`: {roles}."
        add_problems(responses, NotAllowed, *((SellersShutOut,) if seen else ()))
    for status, response in responses.items():
        for content in response.get("content", {}).values() if int(status) < 300 else ():
            content["schema"] = _as_declared(content["schema"])
    operation["responses"] = dict(sorted(responses.items()))
    for (name, status), following in LINKS.items():
        if name == operation["operationId"]:
            responses[status]["links"] = {next: _link(next, found) for next, found in following.items()}
    for number, example in enumerate(examples()):
        if example["operation"] == operation["operationId"]:
            _exemplify(operation, example, str(number))


def _link(operation: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    found = {name: f"$response.body#{pointer}" for name, pointer in parameters.items()}
    return {"operationId": operation, "parameters": found}


def _is_name(parameter: dict[str, Any]) -> bool:
    """Of a name in the path nothing is wrong; there is something of that name, or there is not."""
    schema = parameter["schema"]
    return parameter["in"] == "path" and schema.get("type") == "string" and "format" not in schema


def _of_a_text(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter left out is left out; it is never the text "null"."""
    (one,) = [choice for choice in schema.get("anyOf", [{}]) if choice.get("type") != "null"]
    return {name: value for name, value in {**one, **schema}.items() if name not in ("anyOf", "title", "default_")}


def _as_declared(schema: dict[str, Any]) -> dict[str, Any]:
    """FastAPI mixes what we say of an answer with what it guesses from ``dict[str, Any]``."""
    said: dict[str, Any] = {name: schema[name] for name in ("$ref", "anyOf") if name in schema}
    return said or schema


def _exemplify(operation: dict[str, Any], example: Example, number: str) -> None:
    asked = {**example.get("path", {}), **example.get("query", {}), **example.get("headers", {})}
    for parameter in operation.get("parameters", []):
        for name, value in asked.items():
            if parameter["name"].lower() == name.lower():
                parameter.setdefault("example", value)
    if "body" in example:
        sent = operation["requestBody"]["content"][example["media"]]
        sent.setdefault("examples", {})[number] = {"summary": example["about"], "value": example["body"]}
    if "answer" in example:
        told = operation["responses"][str(example["status"])]["content"][example["answer_media"]]
        told.setdefault("examples", {})[number] = {"summary": example["about"], "value": example["answer"]}


def _schemas() -> dict[str, Any]:
    models = [
        model
        for module in (answers, backtest_report, backtested, bodies, messages, operations, published, standings)
        for name, model in vars(module).items()
        if is_typeddict(model) and model.__module__ == module.__name__ and not name.endswith("Members")
    ]
    mode: Literal["serialization"] = "serialization"
    adapters = [(model, mode, TypeAdapter(model)) for model in models]
    _, schemas = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    found: dict[str, Any] = schemas["$defs"]
    return found
