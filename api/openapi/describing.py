"""How a route says what it answers, what it refuses and what it takes; the examples come from `examples.json`."""

from collections.abc import Mapping
from typing import Any

from api.problems import PROBLEM, problem_json, problem_name, status_of
from domain.refusals import FateUnknown, NotJson, NotUnderstood, Refusal, TooLarge

Schema = dict[str, Any]
JSON = "application/json"
TEXT = "text/plain"
YAML = "application/yaml"

HEADERS: Mapping[str, Schema] = {
    "Link": {"description": 'The next page: rel="next".', "schema": {"type": "string"}},
    "ETag": {"description": "Of this version, for If-Match.", "required": True, "schema": {"type": "string"}},
    "Location": {"description": "Where it is found.", "required": True, "schema": {"type": "string"}},
    "Cache-Control": {"description": "no-store", "required": True, "schema": {"const": "no-store"}},
    "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "string", "pattern": "^\\d+$"}},
    "WWW-Authenticate": {"description": "Bearer", "required": True, "schema": {"const": "Bearer"}},
}
_OF_A_PROBLEM = {401: "WWW-Authenticate", 503: "Retry-After"}

READ_BODY: tuple[type[Refusal], ...] = (NotJson, NotUnderstood, TooLarge, FateUnknown)
"""What may be said of any body that is read and stored."""


def ref(model: type) -> Schema:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def answers(
    answered: type | Mapping[int, type | Mapping[str, Schema]], *refused: type[Refusal], headers: tuple[str, ...] = ()
) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: a model for 200, or by status a model or schemas by media type; and the refusals.

    Who may not call it, and that the database is away, need not be said.
    """
    by_status = answered if isinstance(answered, Mapping) else {200: answered}
    responses: dict[int | str, dict[str, Any]] = {}
    for status, told in by_status.items():
        contents = told if isinstance(told, Mapping) else {JSON: ref(told)}
        words = {200: "What was asked for.", 201: "It is stored.", 202: "It is begun.", 204: "It is done."}
        responses[str(status)] = {
            "description": words[status] if isinstance(told, Mapping) else " ".join((told.__doc__ or "").split()),
            **({"content": {media: {"schema": schema} for media, schema in contents.items()}} if contents else {}),
            **({"headers": {name: HEADERS[name] for name in headers}} if headers else {}),
        }
    add_problems(responses, *refused)
    return responses


def takes(contents: Mapping[str, type | Schema], *, required: bool = True) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that reads its body itself: a model or a schema by media type."""
    content = {
        media: {"schema": dict(told) if isinstance(told, Mapping) else ref(told)} for media, told in contents.items()
    }
    return {"requestBody": {"required": required, "content": content}}


def add_problems(responses: dict[Any, Any], *refused: type[Refusal]) -> None:
    """Each by its status, with the fixed types that a status may carry, and an example of each."""
    for refusal in refused:
        status, name, sentence = status_of(refusal()), problem_name(refusal), refusal.sentence()
        if str(status) not in responses:
            kinds = {"properties": {"type": {"enum": []}, "status": {"const": status}}}
            header = {_OF_A_PROBLEM[status]: HEADERS[_OF_A_PROBLEM[status]]} if status in _OF_A_PROBLEM else {}
            responses[str(status)] = {
                "description": "",
                "content": {
                    PROBLEM: {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, kinds]}, "examples": {}}
                },
                **({"headers": header} if header else {}),
            }
        response = responses[str(status)]
        content = response["content"][PROBLEM]
        if name not in content["examples"]:
            response["description"] = f"{response['description']} {sentence}".strip()
            content["schema"]["allOf"][1]["properties"]["type"]["enum"].append(f"urn:trailbook:problem:{name}")
            content["examples"][name] = {"summary": sentence, "value": problem_json(status, name, sentence)}
