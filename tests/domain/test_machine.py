"""A rulebook's stages as one ``transitions`` machine, and its diagram."""

from dataclasses import dataclass

import pytest
from transitions import MachineError

from domain.journey.machine import StageMachine
from domain.rulebook.document import build
from tests.domain.given import Document, given, if_, move, on, rules, x


@dataclass
class Customer:
    stage: str | None


def machine(document: Document) -> StageMachine:
    return StageMachine(build(document))


LADDER = rules(
    move("A->B", on("x")), move("A,B->C", if_(tag="t")), move("*->A", on("y"), id="back"), move("B->A", after="3d")
)


def test_moves_from_a_stage_come_in_the_order_of_the_document_without_timers() -> None:
    ladder = machine(LADDER)
    assert [found.id for found in ladder.moves_from("A")] == ["A->B", "A,B->C"]
    assert [found.id for found in ladder.moves_from("B")] == ["A,B->C", "back"]
    assert [found.id for found in ladder.moves_from("C")] == ["back"]


def test_timed_moves_come_apart() -> None:
    assert [found.id for _, found in machine(LADDER).timed_moves_from("B")] == ["B->A"]
    assert machine(LADDER).timed_moves_from("A") == ()


def test_a_move_changes_the_stage_of_the_model_and_of_nobody_else() -> None:
    ladder, one, other = machine(LADDER), Customer("A"), Customer("A")
    ladder.move(one, ladder.moves_from("A")[0])
    assert (one.stage, other.stage) == ("B", "A")


def test_a_move_that_does_not_lead_out_of_the_stage_is_refused_by_the_machine() -> None:
    ladder = machine(LADDER)
    with pytest.raises(MachineError):
        ladder.move(Customer("C"), ladder.moves_from("A")[0])


def test_a_model_can_be_placed_into_any_stage() -> None:
    customer = Customer(None)
    machine(LADDER).place(customer, "C")
    assert customer.stage == "C"


@pytest.mark.parametrize("name", ["=", "initial", "stage", "A_B", "move A->B", "高 意向", "to_A", "state"])
def test_a_stage_may_have_any_name(name: str) -> None:
    document = {
        "journey": "j",
        "stages": [{"id": "A", "initial": True}, {"id": name}],
        "moves": [
            {"id": "in", "from": "A", "to": name, **on("x")},
            {"id": "out", "from": [name], "to": "A", **on("x")},
        ],
    }
    given(document).facts(x(1)).then(name, since=1)
    given(document).facts(x(1), x(2)).then("A", since=2)


@pytest.mark.parametrize("rule_id", ["A", "stage", "trigger", "may_go", "is_A", "高", "move", "get_state"])
def test_a_move_may_have_any_id(rule_id: str) -> None:
    given(rules(move("A->B", on("x"), id=rule_id))).facts(x(1)).then("B")


def test_the_diagram_shows_stages_moves_the_initial_and_the_final_stage() -> None:
    document = rules(move("A->B", on("x"), id="up"), move("*->A", on("y"), id="back"))
    document["stages"] = [
        {"id": "A", "initial": True, "title": {"zh": "潜客", "en": "Lead"}},
        {"id": "B", "final": True, "title": 'Won: "yes"'},
    ]

    assert machine(document).mermaid("zh") == (
        "stateDiagram-v2\n"
        '    state "潜客" as s0\n'
        '    state "Won#58; #34;yes#34;" as s1\n'
        "    [*] --> s0\n"
        "    s0 --> s1: up\n"
        "    s1 --> s0: back\n"
        "    s1 --> [*]\n"
    )
    assert '"Lead"' in machine(document).mermaid("en")
