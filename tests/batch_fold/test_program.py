"""Rulebooks as tables: one dictionary for all, and what masks must look at."""

from typing import Any

from batch_fold.conditions_table import limbs, words_of
from batch_fold.program import Program, program_of
from domain.journey.in_force import Version, version
from domain.rulebook.document import build

STAGES = [{"id": "A", "initial": True}, {"id": "B"}]


def versions(*documents: dict[str, Any]) -> list[Version]:
    return [
        version(build({"journey": "j", "stages": STAGES, **document}), number)
        for number, document in enumerate(documents, start=1)
    ]


def program(*documents: dict[str, Any]) -> Program:
    return program_of([versions(*documents)])


def on(fact_type: str, **where: Any) -> dict[str, Any]:
    return {"fact": fact_type, **({"where": where} if where else {})}


def test_tags_of_rules_stand_first_and_in_order_of_name() -> None:
    made = program(
        {
            "tags": [{"id": "t", "when": on("x"), "add": "zebra"}],
            "moves": [{"id": "ant", "to": "B", "if": {"any": [{"tag": "Ahorn"}, {"not": {"tag": "蓝"}}]}}],
        }
    )

    assert list(made.names[:3]) == ["Ahorn", "zebra", "蓝"]
    assert {"A", "B", "t", "ant", "enter", "leave"} <= set(made.names)
    assert len(set(made.names)) == len(made.names)


def test_what_is_asked_twice_is_one_atom_in_any_version_and_any_run() -> None:
    rule = {"id": "t", "when": on("x", v="a"), "add": "t"}
    seen = {"id": "m", "to": "B", "if": {"seen": "x", "where": {"v": "a"}, "within": "7d"}}

    made = program_of([versions({"tags": [rule]}, {"moves": [seen]}), versions({"tags": [{**rule, "id": "other"}]})])

    assert len(made.atoms) == 1
    assert (made.atoms[0].within, made.atoms[0].text) == (None, "")


def test_one_and_true_are_asked_apart() -> None:
    made = program(
        {"tags": [{"id": "t", "when": on("x", v=1), "add": "t"}, {"id": "u", "when": on("x", v=True), "add": "t"}]},
    )

    assert len(made.atoms) == 2


def test_a_sum_and_a_count_of_the_same_facts_are_asked_apart() -> None:
    made = program(
        {
            "moves": [
                {"id": "m", "to": "B", "if": {"all": [{"sum": "x", "field": "n", "gte": 1}, {"seen": "x"}]}},
            ]
        }
    )

    assert sorted(str(atom.summed) for atom in made.atoms) == ["None", "n"]
    assert made.amounts == ("n",)


def test_needs_are_the_fields_by_type_and_the_attributes_and_what_acting_facts_say() -> None:
    made = program(
        {
            "tags": [
                {"id": "t", "when": on("x", v="a"), "add": "t"},
                {"id": "u", "when": on("message.received", keyword="call"), "add": "t"},
            ],
            "moves": [
                {"id": "m", "to": "B", "if": {"all": [{"seen": "*", "where": {"w": 1}}, {"attribute": "plan"}]}},
                {"id": "n", "to": "B", "if": {"sum": "y", "field": "v", "gte": 1}},
            ],
        }
    )

    assert made.needs.attributes == {"plan"}
    assert made.needs.fields == {
        "v": {"x", "y"},
        "text": {"message.received"},
        "w": None,
        "tag": {"tag.added", "tag.removed"},
        "journey": {"stage.set", "opportunity.done", "opportunity.skipped"},
        "stage": {"stage.set"},
        "hold": {"stage.set"},
        "rule": {"opportunity.done", "opportunity.skipped"},
    }


def test_a_run_knows_only_its_own_stages_tags_and_tallies() -> None:
    small = {"moves": [{"id": "m", "to": "B", "if": {"all": [{"tag": "t"}, {"count": "x1", "at_least": 3}]}}]}
    large = {"tags": [{"id": f"t{n}", "when": on(f"x{n}"), "add": f"tag{n}"} for n in range(100)]}

    made = program_of([versions(small), versions(large)])

    assert [len(run.rules.tag_names) for run in made.runs] == [1, 100]
    assert [list(run.rules.most) for run in made.runs] == [[3], []]


def test_bits_fill_words_up_to_the_last() -> None:
    assert words_of([0, 63, 64], 2) == [1 - (1 << 63), 1]


def test_a_total_is_cut_into_limbs_that_compare_in_order() -> None:
    totals = [-(10**24), -(1 << 32) - 1, -1, 0, (1 << 32) - 1, 1 << 32, 10**18, 10**20, 10**24]

    assert sorted(totals, key=limbs) == totals
    assert all(high * (1 << 32) + low == total for total in totals for high, low in [limbs(total)])
