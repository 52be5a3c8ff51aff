"""One value of a rule over a list: what a path means, and what is refused."""

from typing import Any

import pytest

from backtest.varying import MOST_VALUES, Vary, value_of, varied, varied_rulebooks
from domain.refusals import NotUnderstood

DOCUMENT: dict[str, Any] = {
    "journey": "j",
    "stages": [{"id": "A", "initial": True}, {"id": "B"}],
    "tags": [
        {"id": "price", "when": {"fact": "click", "times": {"at_least": 2, "within": "7d"}}, "add": "hot"},
        {"id": "v1.2", "when": {"fact": "click"}, "add": "new", "expires": "3d"},
    ],
    "moves": [
        {
            "id": "silent",
            "from": "A",
            "to": "B",
            "after": "14d",
            "if": {"all": [{"tag": "hot"}, {"count": "x", "at_least": 3}]},
        }
    ],
    "opportunities": [{"id": "call", "kind": "call", "if": {"tag": "hot"}, "open_for": "2d"}],
}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("moves.silent.after", "21d", lambda d: d["moves"][0]["after"]),
        ("tags.price.when.times.within", "3d", lambda d: d["tags"][0]["when"]["times"]["within"]),
        ("tags.price.times.at_least", 3, lambda d: d["tags"][0]["when"]["times"]["at_least"]),
        ("opportunities.call.open_for", "4d", lambda d: d["opportunities"][0]["open_for"]),
        ("moves.silent.if.all.1.at_least", 5, lambda d: d["moves"][0]["if"]["all"][1]["at_least"]),
        ("tags.v1.2.expires", "5d", lambda d: d["tags"][1]["expires"]),
        ("tags.price.expires", "5d", lambda d: d["tags"][0]["expires"]),
    ],
)
def test_a_path_names_one_value(path: str, value: object, found: Any) -> None:
    before = str(DOCUMENT)
    assert found(varied(DOCUMENT, path, value)) == value
    assert str(DOCUMENT) == before


@pytest.mark.parametrize(
    "path",
    ["", "moves", "moves.silent", "moves.loud.after", "moves.silent.after.x", "moves.silent.if.all.2.at_least", "x.y"],
)
def test_a_path_that_names_no_value_of_a_rule_is_refused(path: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        varied_rulebooks(DOCUMENT, Vary(path, ("7d",)))
    assert refused.value.faults[0].pointer in ("/vary/path", "/vary/values/0")


def test_a_value_that_does_not_fit_is_refused_by_its_place() -> None:
    with pytest.raises(NotUnderstood) as refused:
        varied_rulebooks(DOCUMENT, Vary("moves.silent.after", ("7d", "soon", 7)))
    assert refused.value.faults[0].pointer == "/vary/values/1"
    assert "soon" in refused.value.faults[0].reason


@pytest.mark.parametrize("values", [(), tuple(f"{days}d" for days in range(1, MOST_VALUES + 2))])
def test_there_are_some_values_and_not_too_many(values: tuple[str, ...]) -> None:
    with pytest.raises(NotUnderstood):
        varied_rulebooks(DOCUMENT, Vary("moves.silent.after", values))


def test_the_documents_that_fit_are_built_in_order() -> None:
    built = varied_rulebooks(DOCUMENT, Vary("tags.price.times.at_least", (1, 4)))

    assert [rulebook.tags[0].trigger.when and rulebook.tags[0].trigger.when.at_least for rulebook in built] == [1, 4]


@pytest.mark.parametrize(
    ("text", "value"), [("14d", "14d"), ("3", 3), ("0.5", 0.5), ("true", True), ('"3"', "3"), ("想", "想")]
)
def test_a_value_on_a_command_line_is_a_number_where_it_reads_as_one(text: str, value: object) -> None:
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))
