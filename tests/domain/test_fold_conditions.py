"""Fine print of the fold: windows, values, fields, sums and attributes."""

from typing import Any

import pytest

from domain.rulebook.conditions import millionths
from tests.domain.given import Day, fact, given, if_, move, on, profile, rules, tagged, x, y


def holds_at(on_day: Day, condition: dict[str, Any], *facts: Any) -> bool:
    """Whether a condition is true for a fact of type ``ask`` on a day, after other facts."""
    story = given(rules(move("A->B", on("ask"), **{"if": condition})))
    return story.facts(*facts, fact("ask", on_day)).folded().standing.stage == "B"


def field_fits(wanted: Any, data: dict[str, Any]) -> bool:
    """Whether ``where: {v: wanted}`` means a fact with this data."""
    story = given(rules(move("A->B", on("x", where={"v": wanted}))))
    return story.facts(x(1, **data)).folded().standing.stage == "B"


# Windows ------------------------------------------------------------------------------------------------------------


def test_a_window_includes_its_very_first_instant() -> None:
    assert holds_at(8, {"seen": "x", "within": "7d"}, x(1))


def test_a_window_excludes_the_instant_before() -> None:
    assert not holds_at(8 + 1e-11 * 86_400, {"seen": "x", "within": "7d"}, x(1))


def test_a_window_includes_the_present_fact() -> None:
    assert holds_at(8, {"count": "ask", "at_least": 1, "within": "1s"})


def test_a_window_at_a_timer_is_inclusive_too() -> None:
    given(rules(move("A->B", if_(seen="x", within="5d"), after="5d"))).facts(x(1)).then("B", since=6)
    given(rules(move("A->B", if_(seen="x", within="4d"), after="5d"))).facts(x(1)).then("A")


def test_a_window_covers_facts_of_before_the_journey() -> None:
    document = rules(move("A->B", if_(count="x", at_least=2, within="7d")), enter=on("in"))
    given(document).facts(x(1), x(2), fact("in", 3)).then("B", since=3)


def test_facts_of_the_same_instant_count_from_their_place_in_the_order_on() -> None:
    assert holds_at(1, {"seen": "x"}, x(1))
    given(rules(move("A->B", on("ask"), if_(seen="x")))).facts(fact("ask", 1), x(1)).then("A")


def test_without_a_window_all_facts_so_far_count() -> None:
    assert holds_at(60, {"count": "x", "at_least": 2}, x(1), x(30))


def test_a_day_is_24_hours_and_durations_may_be_iso_8601() -> None:
    assert holds_at(2, {"seen": "x", "within": "PT24H"}, x(1))
    assert holds_at(2, {"seen": "x", "within": "1440m"}, x(1))
    assert not holds_at(2, {"seen": "x", "within": "PT23H59M59S"}, x(1))


# seen, count, sum ---------------------------------------------------------------------------------------------------


def test_count_is_bounded_below_and_above_inclusively() -> None:
    twice = [x(1), x(2)]
    assert holds_at(3, {"count": "x", "at_least": 2, "at_most": 2}, *twice)
    assert not holds_at(3, {"count": "x", "at_least": 3}, *twice)
    assert not holds_at(3, {"count": "x", "at_most": 1}, *twice)
    assert holds_at(3, {"count": "y", "at_most": 0}, *twice)


def test_seen_and_count_take_where_and_lists_of_types() -> None:
    assert holds_at(3, {"seen": ["x", "y"], "where": {"v": 1}}, x(1), y(2, v=1))
    assert not holds_at(3, {"seen": ["x", "y"], "where": {"v": 1}}, x(1), fact("z", 2, v=1))


def test_a_sum_does_not_depend_on_the_order_of_its_numbers() -> None:
    for numbers in ([0.1, 0.2, 0.3], [0.3, 0.2, 0.1]):
        facts = [x(number, n=value) for number, value in enumerate(numbers, start=1)]
        assert holds_at(9, {"sum": "x", "field": "n", "gte": 0.6, "lte": 0.6}, *facts)


def test_a_sum_takes_each_number_as_whole_millionths_rounded_to_even() -> None:
    assert holds_at(9, {"sum": "x", "field": "n", "gte": 0.000002, "lte": 0.000002}, x(1, n=0.0000015))
    assert holds_at(9, {"sum": "x", "field": "n", "lte": 0}, x(1, n=0.0000005))
    # Each number is rounded, not the total: four halves of a millionth are nothing.
    assert holds_at(9, {"sum": "x", "field": "n", "lte": 0}, *(x(day, n=0.0000005) for day in (1, 2, 3, 4)))


def test_whole_numbers_count_exactly_however_they_are_written() -> None:
    assert [millionths(number) for number in (5, 5.0, -3.0, 999_999_999_999, 999_999_999_999.0)] == [
        5_000_000,
        5_000_000,
        -3_000_000,
        999_999_999_999_000_000,
        999_999_999_999_000_000,
    ]
    assert [millionths(odd) for odd in (True, "5", None, [5])] == [None] * 4


def test_a_sum_skips_what_is_no_number() -> None:
    odd = [x(1, n="5"), x(2, n=True), x(3, n=None), x(4), x(5, n=[5]), x(6, n={"a": 5})]
    assert holds_at(9, {"sum": "x", "field": "n", "gte": 0, "lte": 0}, *odd)
    assert holds_at(9, {"sum": "x", "field": "n", "gte": 5, "lte": 5}, *odd, x(7, n=5))


def test_a_sum_has_a_window_inclusive_at_both_ends() -> None:
    assert holds_at(8, {"sum": ["x", "ask"], "field": "n", "within": "7d", "gte": 5}, x(1, n=5))
    assert not holds_at(8.5, {"sum": ["x", "ask"], "field": "n", "within": "7d", "gte": 5}, x(1, n=5))


def test_a_sum_may_fall_and_be_negative() -> None:
    assert holds_at(9, {"sum": "x", "field": "n", "lte": -1}, x(1, n=4), x(2, n=-5))


def test_a_sum_of_nothing_is_zero() -> None:
    assert holds_at(9, {"sum": "x", "field": "n", "gte": 0, "lte": 0})
    assert not holds_at(9, {"sum": "x", "field": "n", "gte": 0.000001})


def test_a_sum_of_whole_numbers_is_exact_up_to_the_largest() -> None:
    largest = 999_999_999_999
    assert holds_at(9, {"sum": "x", "field": "n", "gte": largest, "lte": largest}, x(1, n=largest))
    assert not holds_at(9, {"sum": "x", "field": "n", "gte": largest}, x(1, n=largest - 1))


# Values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "value", "fits"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (1, "1", False),
        ("1", 1, False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        (False, False, True),
        ("true", True, False),
        ("a", "a", True),
        ("a", "A", False),
        ("", "", True),
        ("a", None, False),
        ("a", ["a"], False),
        ("a", {"a": "a"}, False),
        (["a", 1], 1, True),
        (["a", 1], "b", False),
        ({"eq": 1}, 1, True),
        ({"in": [1, "b"]}, "b", True),
        ({"in": [1, "b"], "eq": "b"}, "b", True),
        ({"in": [1, "b"], "eq": "b"}, 1, False),
        ({"gte": 2}, 2, True),
        ({"gte": 2}, 1.999999, False),
        ({"gte": 2}, "3", False),
        ({"gte": 0}, True, False),
        ({"gte": 2}, None, False),
        ({"lte": 2}, 2, True),
        ({"lte": 2}, 3, False),
        ({"lte": 2}, "1", False),
        ({"gte": "b"}, "b", True),
        ({"gte": "b"}, "a", False),
        ({"gte": "Z"}, "a", True),
        ({"lte": "é"}, "z", True),
        ({"gte": "\uffff"}, "\U0001f600", True),
        ({"gte": "2"}, 3, False),
        ({"gte": 1, "lte": 3}, 2, True),
        ({"gte": 1, "lte": 3}, 4, False),
        ({"exists": True}, [1], True),
        ({"exists": True}, False, True),
        ({"exists": True}, None, False),
        ({"exists": False}, None, True),
        ({"exists": False}, 0, False),
        ({"exists": False, "eq": 1}, None, False),
    ],
)
def test_like_is_compared_with_like_and_anything_else_is_false(wanted: Any, value: Any, fits: bool) -> None:
    assert field_fits(wanted, {"v": value}) is fits


def test_a_missing_field_fits_nothing_but_exists_false() -> None:
    assert not field_fits("a", {})
    assert not field_fits({"gte": 0}, {})
    assert not field_fits({"exists": True}, {})
    assert field_fits({"exists": False}, {})


def test_where_sees_top_level_fields_only() -> None:
    assert not field_fits("a", {"inner": {"v": "a"}})


def test_all_fields_of_where_must_fit() -> None:
    both = rules(move("A->B", on("x", where={"v": 1, "w": 2})))
    given(both).facts(x(1, v=1)).then("A")
    given(both).facts(x(1, v=1, w=2)).then("B")


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("please call me", True),
        ("打电话吧", True),
        ("CALL ME", False),
        ("cal", False),
        (7, False),
        (None, False),
        (["call"], False),
    ],
)
def test_a_keyword_is_contained_in_the_text_case_kept(said: Any, fits: bool) -> None:
    story = given(rules(move("A->B", on("x", where={"keyword": ["call", "电话"]}))))
    assert (story.facts(x(1, text=said)).folded().standing.stage == "B") is fits


def test_a_keyword_looks_into_the_text_and_nowhere_else() -> None:
    given(rules(move("A->B", on("x", where={"keyword": "call"})))).facts(x(1, title="call", keyword="call")).then("A")


def test_a_field_named_text_is_compared_as_a_whole() -> None:
    document = rules(move("A->B", on("x", where={"text": ["1", "一"]})))
    given(document).facts(x(1, text="11")).then("A")
    given(document).facts(x(1, text="一")).then("B")


# Attributes ---------------------------------------------------------------------------------------------------------


def test_an_attribute_is_what_the_last_writer_in_fold_order_said() -> None:
    wanted = {"attribute": "plan", "eq": "pro"}
    assert holds_at(9, wanted, profile(2, plan="pro"), profile(1, plan="free"))
    assert not holds_at(9, wanted, profile(2, plan="free"), profile(1, plan="pro"))


def test_each_attribute_has_a_last_writer_of_its_own() -> None:
    assert holds_at(9, {"attribute": "plan", "eq": "pro"}, profile(1, plan="pro"), profile(2, city="x"))


def test_null_unsets_an_attribute() -> None:
    assert not holds_at(9, {"attribute": "plan"}, profile(1, plan="pro"), profile(2, plan=None))
    assert holds_at(9, {"attribute": "plan", "exists": False}, profile(1, plan="pro"), profile(2, plan=None))


def test_an_attribute_without_operator_asks_whether_it_exists() -> None:
    assert holds_at(9, {"attribute": "plan"}, profile(1, plan=False))
    assert not holds_at(9, {"attribute": "plan"})


@pytest.mark.parametrize("attributes", [None, "plan", ["plan"], 7])
def test_a_malformed_profile_has_no_effect_and_still_counts(attributes: Any) -> None:
    odd = fact("profile.changed", 2, attributes=attributes)
    assert holds_at(9, {"attribute": "plan", "eq": "pro"}, profile(1, plan="pro"), odd)
    assert holds_at(9, {"seen": "profile.changed"}, odd)


def test_only_profile_changed_writes_attributes() -> None:
    assert not holds_at(9, {"attribute": "plan"}, x(1, attributes={"plan": "pro"}))


@pytest.mark.parametrize("operators", [{"in": ["pro", 2]}, {"gte": 2}, {"lte": 2}, {"gte": 1, "lte": 2}])
def test_an_attribute_takes_the_operators_of_a_field(operators: dict[str, Any]) -> None:
    assert holds_at(9, {"attribute": "plan", **operators}, profile(1, plan=2))
    assert not holds_at(9, {"attribute": "plan", **operators}, profile(1, plan="2"))


# The rest -----------------------------------------------------------------------------------------------------------


def test_stage_is_a_name_or_any_of_a_list() -> None:
    document = rules(move("A->B", on("x")), move("B->C", on("y"), if_(stage=["A", "B"])), move("C->A", if_(stage="A")))
    given(document).facts(x(1), y(2)).then("C", since=2)


def test_in_stage_for_is_reached_at_the_very_instant() -> None:
    document = rules(move("A->B", on("x"), if_(in_stage_for="2d")))
    given(document).facts(y(1), x(2.5)).then("A")
    given(document).facts(y(1), x(3)).then("B", since=3)


def test_in_stage_for_arms_nothing() -> None:
    given(rules(move("A->B", if_(in_stage_for="2d")))).facts(x(1)).then("A")


def test_tag_means_any_of_a_list_by_hand_or_by_rule() -> None:
    assert holds_at(9, {"tag": ["a", "b"]}, tagged(1, "b"))
    assert not holds_at(9, {"tag": ["a", "b"]}, tagged(1, "c"))


def test_all_any_and_not() -> None:
    seen_x, seen_y = {"seen": "x"}, {"seen": "y"}
    assert holds_at(9, {"all": [seen_x, {"not": seen_y}]}, x(1))
    assert not holds_at(9, {"all": [seen_x, seen_y]}, x(1))
    assert holds_at(9, {"any": [seen_x, seen_y]}, x(1))
    assert not holds_at(9, {"any": [{"not": seen_x}, seen_y]}, x(1))


def test_feedback_is_a_field_like_any_other() -> None:
    document = rules(move("A->B", on(["message.received", "feedback.given"], where={"feedback": "refusing"})))
    given(document).facts(fact("message.received", 1, feedback="refusing")).then("B")
    given(document).facts(fact("message.received", 1), fact("feedback.given", 2, feedback="refusing")).then("B")
    given(document).facts(fact("message.received", 1, text="refusing")).then("A")
