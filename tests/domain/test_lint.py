"""Lint: what would be felt by customers, told before a rulebook is published."""

from typing import Any

import pytest
from hypothesis import given, settings

from domain.rulebook.document import build
from domain.rulebook.lint import findings, findings_of, lint
from domain.rulebook.reader import read
from domain.rulebook.schema_faults import schema_faults
from tests.domain.mutations import mutated_documents
from tests.domain.rulebook_texts import CLINIC, GYM

ZONES = frozenset({"UTC", "Asia/Shanghai", "Europe/Berlin"})
STAGES = [{"id": "lead", "initial": True}, {"id": "won"}]
THERE = {"id": "there", "from": "lead", "to": "won", "when": {"fact": "order.paid"}}
BACK = {"id": "back", "from": "won", "to": "lead", "when": {"fact": "order.refunded"}}


def rulebook(**sections: Any) -> dict[str, Any]:
    return {"journey": "j", "stages": STAGES, "moves": [THERE, BACK], **sections}


def with_move(**move: Any) -> dict[str, Any]:
    return rulebook(moves=[THERE, BACK, {"id": "m", **move}])


def with_condition(**condition: Any) -> dict[str, Any]:
    return with_move(**{"from": "lead", "to": "won", "if": condition})


def tag_rule(name: str = "keen", **effect: Any) -> dict[str, Any]:
    return {"id": name, "when": {"fact": "message.received"}, **(effect or {"add": name})}


def told(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    assert schema_faults(document) == []
    return [(found.severity, found.pointer, found.reason) for found in lint(document, ZONES)]


FINDINGS = [
    # Stages.
    (with_move(to="wonn", after="1d"), "error", "/moves/2/to", "There is no stage wonn (did you mean won?)."),
    (with_move(**{"from": ["lead", "x"]}, to="won", after="1d"), "error", "/moves/2/from/1", "There is no stage x."),
    (with_move(to="*", after="1d"), "error", "/moves/2/to", "There is no stage *."),
    (rulebook(manual=[{"from": "x", "to": "won"}]), "error", "/manual/0/from", "There is no stage x."),
    (rulebook(manual=[{"to": ["won", "x"]}]), "error", "/manual/0/to/1", "There is no stage x."),
    (with_condition(any=[{"seen": "a"}, {"stage": "x"}]), "error", "/moves/2/if/any/1/stage", "There is no stage x."),
    (with_condition(**{"not": {"stage": ["lead", "x"]}}), "error", "/moves/2/if/not/stage/1", "There is no stage x."),
    (rulebook(renames={"old": "x"}), "error", "/renames/old", "There is no stage x."),
    (rulebook(renames={"won": "lead"}), "error", "/renames/won", "The stage won still exists"),
    (
        rulebook(stages=[*STAGES, {"id": "*"}], manual=[{"to": "*"}]),
        "error",
        "/stages/2/id",
        'A stage cannot be called "*"',
    ),
    # Ids.
    (rulebook(moves=[THERE, BACK, {**THERE, "when": {"fact": "x"}}]), "error", "/moves/2/id", "first in moves[0]"),
    (rulebook(stages=[*STAGES, {"id": "won"}]), "error", "/stages/2/id", "first in stages[1]"),
    (rulebook(tags=[tag_rule(), tag_rule()]), "error", "/tags/1/id", "The id keen is used twice"),
    (rulebook(tags=[tag_rule("enter")]), "error", "/tags/0/id", "No rule can be called enter"),
    (
        rulebook(opportunities=[{"id": "leave", "kind": "k", "when": {"fact": "a"}}]),
        "error",
        "/opportunities/0/id",
        "No rule can be called leave",
    ),
    # Tags.
    (with_condition(tag="keen"), "warning", "/moves/2/if/tag", "No rule adds the tag keen; if people set it, list it"),
    ({**with_condition(tag="keen"), "manual_tags": []}, "error", "/moves/2/if/tag", "No rule adds the tag keen"),
    (
        {**with_condition(tag=["keen", "vipp"]), "manual_tags": ["vip"], "tags": [tag_rule()]},
        "error",
        "/moves/2/if/tag/1",
        "No rule adds the tag vipp (did you mean vip?)",
    ),
    (
        rulebook(enter={"when": {"fact": "a"}, "if": {"tag": "keen"}}),
        "warning",
        "/enter/if/tag",
        "No rule adds the tag keen",
    ),
    (
        rulebook(opportunities=[{"id": "o", "kind": "k", "when": {"fact": "a"}, "closes": {"if": {"tag": "keen"}}}]),
        "warning",
        "/opportunities/0/closes/if/tag",
        "No rule adds the tag keen",
    ),
    (rulebook(tags=[tag_rule(remove="keen")]), "warning", "/tags/0/remove", "the tag keen that is removed here"),
    # Ways.
    (with_move(**{"from": "won"}, to="won", after="1d"), "error", "/moves/2", "from won to itself and never applies"),
    (with_move(**{"from": ["won", "won"]}, to="won", after="1d"), "error", "/moves/2", "never applies"),
    (
        with_move(**{"from": "lead"}, to="won", **{"if": {"all": [{"tag": "t"}, {"stage": "won"}]}})
        | {"tags": [tag_rule("t")]},
        "error",
        "/moves/2/if",
        "asks for a stage that its `from` leaves out",
    ),
    (
        with_move(**{"from": "lead"}, to="won", when={"fact": "order.paid"}, **{"if": {"seen": "a"}}),
        "warning",
        "/moves/2",
        "there comes first at the same facts",
    ),
    (rulebook(stages=[*STAGES, {"id": "x", "final": True}]), "warning", "/stages/2", "No move leads to the stage x"),
    (rulebook(moves=[THERE]), "warning", "/stages/1", "No move leads out of the stage won; say `final: true`"),
    # The rest.
    (rulebook(timezone="Asia/Shanghia"), "error", "/timezone", "no time zone Asia/Shanghia (did you mean Asia/Shang"),
    (with_condition(count="a", at_least=3, at_most=2), "warning", "/moves/2/if/at_least", "Nothing is at_least 3"),
]


@pytest.mark.parametrize(("document", "severity", "pointer", "words"), FINDINGS)
def test_one_thing_is_wrong_and_told(document: dict[str, Any], severity: str, pointer: str, words: str) -> None:
    ((found_severity, found_pointer, reason),) = told(document)
    assert (found_severity, found_pointer) == (severity, pointer)
    assert words in reason


NOTHING_WRONG = [
    rulebook(),
    {"journey": "j", "stages": [{"id": "only", "initial": True}]},
    rulebook(moves=[THERE], stages=[STAGES[0], {"id": "won", "final": True}]),
    rulebook(moves=[THERE], manual=[{"from": "won", "to": "lead"}]),
    rulebook(manual=[{"from": "*", "to": "*"}]),
    rulebook(tags=[tag_rule("never-read")]),
    rulebook(
        tags=[tag_rule("there"), tag_rule("call")], opportunities=[{"id": "call", "kind": "k", "if": {"tag": "call"}}]
    ),
    {**with_condition(tag=["vip", "keen"]), "manual_tags": ["vip"], "tags": [tag_rule()]},
    with_move(**{"from": "lead"}, to="won", when={"fact": "tag.added", "where": {"tag": "by-hand-only"}}),
    with_move(**{"from": ["lead", "won"]}, to="won", after="1d"),
    rulebook(renames={"old": "won"}),
]


@pytest.mark.parametrize("document", NOTHING_WRONG)
def test_what_is_meant_is_not_complained_of(document: dict[str, Any]) -> None:
    assert told(document) == []


@pytest.mark.parametrize("text", [GYM, CLINIC])
def test_the_sample_rulebooks_have_no_finding(text: str) -> None:
    assert findings(text, ZONES) == []


def test_a_finding_has_its_line_and_column() -> None:
    text = GYM.replace("from: [trial, member]", "from: [trial, guest]")
    (found,) = [finding for finding in findings(text, ZONES) if finding.severity == "error"]
    assert (found.line, found.column, found.pointer) == (29, 19, "/moves/1/from/1")


def test_findings_come_in_the_order_of_the_text() -> None:
    text = GYM.replace("Asia/Shanghai", "Mars").replace("to: lapsed", "to: gone").replace("add: 想上课", "add: 想买课")
    lines = [finding.line for finding in findings(text, ZONES)]
    assert lines == sorted(lines, key=lambda line: line or 0)
    assert len(lines) >= 4


def test_what_cannot_be_read_is_a_finding_and_lint_waits() -> None:
    (found,) = findings(GYM.replace("manual_tags: [vip, 勿扰]", "manual_tags: [vip，勿扰]"), ZONES)
    assert "中文逗号" in found.reason
    assert (found.line, found.severity) == (5, "error")


def test_a_document_without_a_text_has_findings_without_lines() -> None:
    (found,) = findings_of({**read(CLINIC).document, "timezone": "Mars"}, ZONES)
    assert (found.pointer, found.line) == ("/timezone", None)
    assert [fault.pointer for fault in findings_of({"journey": "j", "stages": 3}, ZONES)] == ["/stages"]


@settings(max_examples=200, deadline=None)
@given(mutated_documents([read(GYM).document, read(CLINIC).document]))
def test_what_lint_finds_no_error_in_can_be_built(document: Any) -> None:
    if not any(finding.severity == "error" for finding in findings_of(document, ZONES)):
        build(document)
