"""JSON as the door takes it, and its canonical bytes."""

from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.refusals import NotJson
from domain.strict_json import DEEPEST, UnfitNumber, canonical, fits, fitting_number, parse, unfit


def pointers(value: Any) -> list[str]:
    return [fault.pointer for fault in unfit(value)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("1.0", 1),
        ("1e2", 100),
        ("1.5", 1.5),
        ("0.1", 0.1),
        ("1e-7", 1e-7),
        ("999999999999", 999_999_999_999),
        ("-999999999999", -999_999_999_999),
        ("999999999999.999", 999_999_999_999.999),
        ("123456789.012345", 123456789.012345),
        ("0.123456789012345", 0.123456789012345),
        ("1.50000000000000000000000000000000000", 1.5),
        ("1500000000000000000e-18", 1.5),
    ],
)
def test_a_number_that_fits_is_kept_whole_ones_as_int(written: str, value: float) -> None:
    kept = parse(written)

    assert (kept, type(kept)) == (value, type(value))
    assert pointers(kept) == []


@pytest.mark.parametrize(
    "written",
    [
        "1000000000000",
        "-1000000000000",
        "1e12",
        "1e400",
        "-1E+999",
        "1234567890123456",
        "0.1234567890123456",
        "123456789012.3456",
        "0.1000000000000000000000000000001",
        "1.0000000000000000000000000000000000000000000001",
        "999999999999.9999",
        "1e-400",
        "1e-9999999999999999999",
        "1e99999999999999999999",
        "9" * 5_000,
        "0." + "1" * 5_000,
    ],
)
def test_a_number_beyond_15_digits_or_ten_to_the_twelve_is_a_fault(written: str) -> None:
    event = parse(f'{{"data": {{"a": [0, {written}]}}}}')

    assert isinstance(event["data"]["a"][1], UnfitNumber)
    assert pointers(event) == ["/data/a/1"]
    assert not fits(event)


@pytest.mark.parametrize(
    "written", ["NaN", "Infinity", "-Infinity", "nan", "01", "1.", ".5", "+1", "0x1", "1_000", "--1"]
)
def test_what_is_no_json_number_is_refused(written: str) -> None:
    with pytest.raises(NotJson):
        parse(f"[{written}]")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[1,]",
        b"{'a': 1}",
        b'{"a" 1}',
        b"1 2",
        b'"\x01"',
        b'"\n"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'"\\x"',
        b'"\\u12"',
        b"[" * 100_000,
        b"// comment\n1",
    ],
)
def test_what_is_not_well_formed_utf_8_json_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse(raw)


def test_a_name_that_occurs_twice_is_refused_however_it_is_written() -> None:
    for written in ('{"a": 1, "a": 1}', '{"a": 1, "\\u0061": 2}', '[{"b": {"a": 1, "c": 2, "a": 3}}]'):
        with pytest.raises(NotJson, match="twice"):
            parse(written)


def test_the_same_name_in_two_objects_is_fine() -> None:
    assert parse('[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


def test_it_may_be_nested_32_deep_and_no_deeper() -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST)
    assert parse("[" + "{}," * 40 + "[]]")
    for text in ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), '{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1)):
        with pytest.raises(NotJson, match="deeper"):
            parse(text)


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udfff", "\\ude00\\ud83d", "a\\ud83db"])
def test_nul_and_half_a_surrogate_pair_are_faults_in_texts_and_names(text: str) -> None:
    assert pointers(parse(f'{{"a": ["{text}"]}}')) == ["/a/0"]
    assert pointers(parse(f'{{"{text}": 1}}')) == [""]


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse('"\\ud83d\\ude00"') == "😀"
    assert pointers(parse('"\\ud83d\\ude00"')) == []


def test_the_pointer_of_a_fault_is_escaped() -> None:
    assert pointers(parse('{"a/b~c": {"d": 1e99}}')) == ["/a~1b~0c/d"]


def test_every_fault_is_told() -> None:
    assert pointers(parse('{"a": "\\u0000", "b": [1e99, 2, {"c": "\\ud800"}]}')) == ["/a", "/b/0", "/b/2/c"]


def test_a_number_from_elsewhere_is_kept_or_refused_by_the_same_rule() -> None:
    assert fitting_number(2.0) == 2
    assert fitting_number(0.1) == 0.1
    assert fitting_number(10**12) is None
    assert fitting_number(0.1 + 0.2) is None
    assert fitting_number(float("inf")) is None
    assert fitting_number(float("nan")) is None


# Canonical ----------------------------------------------------------------------------------------------------------

numbers = st.one_of(
    st.integers(-(10**12) + 1, 10**12 - 1),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda number: f"{number:f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:.15g}"),
    st.sampled_from(["1e-5", "1e-6", "1e-7", "0.00001", "123456789012e-20", "1e-300", "5e-324"]),
)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.one_of(
    st.text(characters, max_size=5), st.sampled_from(["", "😀", "\uffff", "\ue000", "e-5", '"\\\x1f\x7f\u2028'])
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), texts, numbers.map(lambda number: parse(f"{number}"))),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
).filter(fits)


@given(json_values)
@example({"\U0001f600": 1, "\ue000": 2, "\uffff": 3})
@example([1e-5, 1e-6, 1e-7, 0.0001, 123456789.012345])
@example({"e-1": "1e-5", "": {"b": None, "a": True}})
@settings(deadline=None, max_examples=300)
def test_canonical_is_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(json_values)
@settings(deadline=None)
def test_canonical_bytes_can_be_read_again_and_stay_the_same(value: Any) -> None:
    assert parse(canonical(value)) == value
    assert canonical(parse(canonical(value))) == canonical(value)


def test_one_value_has_one_canonical_form_however_it_was_written() -> None:
    for one, other in [("1", "1.0"), ("100", "1e2"), ("-0", "0"), ('{"b":1,"a":2}', ' {"a" : 2.0, "b":1}')]:
        assert canonical(parse(one)) == canonical(parse(other))


@pytest.mark.parametrize(("text", "place"), [("{oops", "Column 2: "), ('{"a": 1,\n oops}', "Line 2, column 2: ")])
def test_where_it_is_not_json_is_said_in_as_few_words_as_do(text: str, place: str) -> None:
    with pytest.raises(NotJson) as refused:
        parse(text)

    assert refused.value.detail.startswith(place)
