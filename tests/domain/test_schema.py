"""The published schema: well-formed, closed, and enforced exactly as it is published."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from domain.rulebook.reader import read
from domain.rulebook.schema import KEYS, OPERATORS, SCHEMA
from domain.rulebook.schema_faults import schema_faults
from domain.rulebook.validator import FORMATS
from tests.domain.mutations import mutated_documents
from tests.domain.rulebook_texts import CLINIC, GYM

STAGES = [{"id": "a", "initial": True}, {"id": "b"}]
PUBLISHED = Draft202012Validator(SCHEMA, format_checker=FORMATS)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for member in schema:
            yield from objects(member)
    elif isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for member in schema.values():
            yield from objects(member)


def rulebook(**sections: Any) -> dict[str, Any]:
    return {"journey": "j", "stages": STAGES, **sections}


def a_move(**trigger: Any) -> dict[str, Any]:
    return rulebook(moves=[{"id": "m", "to": "b", **trigger}])


def the_condition(**condition: Any) -> dict[str, Any]:
    return a_move(**{"if": condition})


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_object_but_where_renames_and_the_initial_stage_refuses_unknown_keys() -> None:
    is_open = [found for found in objects(SCHEMA) if found.get("additionalProperties") is not False]
    assert [sorted(found["properties"]) for found in is_open] == [["initial"], ["keyword"]]


def test_every_reference_leads_to_a_definition_and_every_definition_is_used() -> None:
    def references(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return {name for member in schema for name in references(member)}
        if not isinstance(schema, dict):
            return set()
        own = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set()
        return own | {name for member in schema.values() for name in references(member)}

    assert references(SCHEMA) == set(SCHEMA["$defs"])
    assert set(OPERATORS) < KEYS


FITTING = [
    rulebook(),
    rulebook(title="x", timezone="Asia/Shanghai", manual_tags=[], manual=[], tags=[], moves=[], opportunities=[]),
    rulebook(title={"en": "x"}, renames={"old": "a"}, in_flight="pin"),
    rulebook(manual=[{"to": "*"}, {"from": ["a", "b"], "to": "a"}]),
    rulebook(enter={"if": {"tag": "x"}}, leave={"when": {"fact": "*"}, "if": {"stage": ["a"]}}),
    a_move(when={"fact": ["a", "*"], "where": {"f": 1, "g": [True, "x", 2.5], "keyword": "k"}}),
    a_move(when={"fact": "a", "where": {"f": {"in": [1], "eq": 1, "gte": "a", "lte": 3, "exists": False}}}),
    a_move(when={"fact": "a", "times": {"at_least": 1}}),
    a_move(after="P1DT2H"),
    a_move(after="14d", since="stage_entry", **{"if": {"tag": "x"}}),
    a_move(after="14d", since={"first": "a"}, **{"from": "*"}),
    the_condition(in_stage_for="0s"),
    the_condition(attribute="x"),
    the_condition(attribute="x", exists=False, gte=1),
    the_condition(count="x", at_most=0),
    the_condition(sum="x", field="f", lte=0.5),
    the_condition(**{"not": {"all": [{"any": [{"seen": "x", "where": {"keyword": ["a"]}, "within": "1s"}]}]}}),
]

UNFIT = [
    ({"stages": STAGES}, "journey is missing"),
    ({"journey": "j"}, "stages is missing"),
    ({"journey": "j", "stages": [{"id": "a"}]}, "exactly one stage has initial: true; here none has it"),
    ({"journey": "j", "stages": [{"id": "a", "initial": False}]}, "here none has it"),
    (rulebook(journey="a b"), "no slash, white space or control character"),
    (rulebook(journey="a\n"), "no slash, white space or control character"),
    (rulebook(journey="j" * 65), "longer than 64 characters"),
    (rulebook(journey=""), "journey is an empty text"),
    (rulebook(title={}), "title needs at least one of zh and en"),
    (rulebook(title=["x"]), "title must be a text or a mapping (key: value), not a list"),
    (rulebook(colour="red"), "the rulebook has no key colour; it takes journey, title"),
    (rulebook(oportunities=[]), "did you mean opportunities?"),
    (rulebook(in_flight="move"), "in_flight can only be pin; this is move"),
    (rulebook(leave={"if": {"tag": "x"}}), "leave goes with enter only"),
    (rulebook(enter={}), "enter needs at least one of when and if"),
    (rulebook(enter={"after": "1d", "when": {"fact": "a"}}), "enter has no key after"),
    (rulebook(renames={"old": 3}), "renames.old must be a text, not a number; put it in quotes"),
    (rulebook(manual=[{"from": "a"}]), "manual[0].to is missing"),
    (rulebook(manual_tags=["x\ty"]), "manual_tags[0] has no control character"),
    (rulebook(tags=[{"id": "t", "add": "x"}]), "tags[0].when is missing"),
    (rulebook(tags=[{"id": "t", "when": {"fact": "a"}}]), "exactly one of add and remove; this one has none"),
    (
        rulebook(tags=[{"id": "t", "when": {"fact": "a"}, "add": "x", "remove": "y"}]),
        "exactly one of add and remove; this one has add and remove",
    ),
    (
        rulebook(tags=[{"id": "t", "when": {"fact": "a"}, "remove": "y", "expires": "1d"}]),
        "tags[0].expires goes with add only",
    ),
    (a_move(), "moves[0] needs at least one of when, if and after"),
    (a_move(when={"fact": "a"}, after="1d"), "moves[0] has both when and after; they exclude each other"),
    (a_move(when={"fact": "a"}, since="stage_entry"), "moves[0].since goes with after only"),
    (a_move(after="1d", since={"last": "a", "first": "b"}), "exactly one of last and first"),
    (a_move(after="1d", since="start"), "moves[0].since can only be stage_entry; this is start"),
    (a_move(after="1d", since=3), "must be a text or a mapping (key: value), not a number"),
    (a_move(after="1 day"), "moves[0].after must be a duration"),
    (a_move(after="0d"), "more than zero"),
    (a_move(after="1M"), "must be a duration"),
    (a_move(after="36526d"), "at most 100 years"),
    (a_move(after=14), "moves[0].after must be a text, not a number; put it in quotes"),
    (a_move(when={"fact": []}), "moves[0].when.fact is an empty list"),
    (a_move(when={"fact": "a", "times": {"at_least": 0}}), "at_least must be at least 1; this is 0"),
    (a_move(when={"fact": "a", "times": {"at_least": 1.5}}), "must be a whole number, not a number"),
    (a_move(when={"fact": "a", "times": {"within": "1d"}}), "times.at_least is missing"),
    (a_move(when={"fact": "a", "where": {"f": {}}}), "needs at least one of in, eq, gte, lte and exists"),
    (a_move(when={"fact": "a", "where": {"f": {"gt": 3}}}), "f has no key gt; did you mean gte?"),
    (a_move(when={"fact": "a", "where": {"f": []}}), "f is an empty list"),
    (a_move(when={"fact": "a", "where": {"f": 10**12}}), "below 10^12 in amount"),
    (a_move(when={"fact": "a", "where": {"f": {"gte": True}}}), "must be a number or a text, not true or false"),
    (a_move(when={"fact": "a", "where": {"keyword": 3}}), "keyword must be a text or a list, not a number"),
    (the_condition(), "a condition has exactly one of tag, stage,"),
    (the_condition(tag="x", seen="y"), "this one has tag and seen"),
    (the_condition(tags="x"), "this one has none (did you mean tag?)"),
    (a_move(**{"if": "vip"}), "moves[0].if must be a condition: a mapping"),
    (the_condition(seen="x", at_least=3), "moves[0].if: at_least does not go with seen"),
    (the_condition(count="x"), "moves[0].if needs at least one of at_least and at_most"),
    (the_condition(count="x", at_least=-1), "at_least must be at least 0"),
    (the_condition(sum="x", gte=1), "moves[0].if.field is missing"),
    (the_condition(sum="x", field="f", gte="1"), "moves[0].if.gte must be a number, not a text"),
    (the_condition(all=[]), "moves[0].if.all is an empty list"),
    (the_condition(any=[{"tag": "x"}, {"not": {"stag": "a"}}]), "moves[0].if.any[1].not: a condition has exactly one"),
    (the_condition(tag=None), "moves[0].if.tag must be a text or a list, not empty (null)"),
    (rulebook(opportunities=[{"id": "o", "if": {"tag": "x"}}]), "opportunities[0].kind is missing"),
    (
        rulebook(opportunities=[{"id": "o", "kind": "k", "if": {"tag": "x"}, "ageing": {"add": 1}}]),
        "opportunities[0].ageing.per is missing",
    ),
    (["a"], "the rulebook must be a mapping (key: value), not a list"),
]


@pytest.mark.parametrize("document", FITTING)
def test_what_the_language_has_fits(document: Any) -> None:
    assert schema_faults(document) == []


@pytest.mark.parametrize(("document", "words"), UNFIT)
def test_what_it_has_not_is_told_in_one_sentence(document: Any, words: str) -> None:
    (fault,) = schema_faults(document)
    assert words in fault.reason
    assert fault.severity == "error"


def test_a_fault_points_at_what_is_wrong() -> None:
    (fault,) = schema_faults(the_condition(any=[{"tag": "x"}, {"seen": "a", "within": "soon"}]))
    assert fault.pointer == "/moves/0/if/any/1/within"


def test_a_hundred_faults_are_enough() -> None:
    assert len(schema_faults(rulebook(manual_tags=[1] * 1000))) == 100


@settings(max_examples=200, deadline=None)
@given(mutated_documents([read(GYM).document, read(CLINIC).document]))
def test_a_document_is_refused_exactly_if_the_published_schema_refuses_it(document: Any) -> None:
    assert bool(schema_faults(document)) == (not PUBLISHED.is_valid(document))
