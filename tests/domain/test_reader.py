"""Reading a rulebook: what is taken, and that every mistake is told with its place and in words one can act on."""

import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.refusals import Fault, RulebookUnfit
from domain.rulebook.places import Place
from domain.rulebook.reader import read, rulebook, rulebook_of
from tests.domain.mutations import mutated_documents, mutated_texts
from tests.domain.rulebook_texts import CLINIC, GYM

MUTATIONS = int(os.environ.get("TRAILBOOK_MUTATIONS", "500"))
"""Raise it (10000) for the long form."""

HEAD = "journey: j\nstages:\n  - {id: a, initial: true}\n  - {id: b}\n"
"""Four lines; what follows begins in line 5."""


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(RulebookUnfit) as refused:
        rulebook(text)
    return refused.value.faults


def value_of(written: str) -> Any:
    """What a value under `where` is read as."""
    text = f"{HEAD}enter: {{when: {{fact: x, where: {{f: {written}}}}}}}\n"
    return read(text).document["enter"]["when"]["where"]["f"]


# -- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("20:30", "20:30"),
        ("no", "no"),
        ("YES", "YES"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-1.50", -1.5),
        ("3.0", 3),
        ("1e3", 1000),
        ("+7", 7),
        (".5", 0.5),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("2026-03-01", "2026-03-01"),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ('"null"', "null"),
        ("=", "="),
        ("你好，世界", "你好，世界"),
        ('"\\ud83d\\ude00\\/"', "😀/"),
    ],
)
def test_values_are_read_by_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    found = value_of(written)
    assert (found, type(found)) == (value, type(value))


def test_a_document_is_made_of_plain_values() -> None:
    def kinds(value: Any) -> set[type]:
        members = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
        return {type(value)}.union(*(kinds(member) for member in members))

    assert kinds(read(GYM).document) == {dict, list, str, int, float, bool}


@pytest.mark.parametrize("text", [GYM, CLINIC])
@pytest.mark.parametrize(
    "form", [{}, {"indent": 2}, {"indent": "\t"}, {"ensure_ascii": False}, {"separators": (",", ":")}]
)
def test_json_and_yaml_give_equal_rulebooks(text: str, form: dict[str, Any]) -> None:
    document = read(text).document
    written = json.dumps(document, **form)
    assert read(written).document == document
    assert without_matchers(rulebook(written)) == without_matchers(rulebook(text))


def without_matchers(book: Any) -> str:
    """Matchers are compared by identity; their text says all there is to them."""
    return repr(book)


titles = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(titles, st.floats(-1e11, 1e11).map(lambda number: round(number, 3)) | st.integers(-(10**12) + 1, 10**12 - 1))
def test_any_text_and_number_survives_json(title: str, rank: float) -> None:
    document = read(GYM).document
    document["title"] = title
    document["opportunities"][0]["rank"] = rank
    assert read(json.dumps(document)).document == document


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_it() -> None:
    assert read("\ufeff" + GYM.replace("\n", "\r\n")).document == read(GYM).document


def test_an_alias_repeats_what_its_anchor_named() -> None:
    text = HEAD + "manual: [{from: &all [a, b], to: *all}]\n"
    assert read(text).document["manual"] == [{"from": ["a", "b"], "to": ["a", "b"]}]


def test_values_and_keys_know_their_places() -> None:
    places = read(GYM).places
    assert places.of("/moves/1/after") == Place(31, 12)
    assert places.of_key("/moves/1/after") == Place(31, 5)
    assert places.of("/moves/1/nothing/here") == Place(28, 5)


# -- mistakes --------------------------------------------------------------------------------------------------------

MISTAKES = [
    # Full-width signs of a Chinese keyboard.
    ("manual_tags: [a，b]", 5, 16, "full-width one (，, 中文逗号); YAML needs the half-width comma (,)"),
    ("manual_tags: [a、b]", 5, 16, "顿号"),
    ("enter: {when: {fact: x, where: {keyword: [电话，语音]}}}", 5, 45, "中文逗号"),
    ("enter: {when: {fact: [x，y]}}", 5, 24, "中文逗号"),
    ("moves:\n  - {id: m，to: b, after: 1d}", 6, 11, "中文逗号"),
    ("moves:\n  - {id: m， to: b, after: 1d}", 6, 11, "中文逗号"),
    ("moves:\n  - {id: m, to: b，c, after: 1d}", 6, 18, "中文逗号"),
    ("in_flight：pin", 5, 10, "full-width one (：, 中文冒号); YAML needs the half-width colon and a space (: )"),
    ("enter：\n  when: {fact: x}", 5, 6, "中文冒号"),
    ("enter: {when：{fact: x}}", 5, 13, "中文冒号"),
    ("moves:\n  - id：m\n    to: b\n    after: 1d", 6, 7, "中文冒号"),
    ("moves:\n  - id: m\n    to：b\n    after: 1d", 7, 7, "中文冒号"),
    ("moves:\n  - {id：m, to: b, after: 1d}", 6, 8, "中文冒号"),
    ("moves:\n  - {id: m, to: b，after：1d}", 6, 18, "中文逗号"),
    ("moves:\n  - id：m", 6, 7, "中文冒号"),
    ("manual_tags: 【a, b】", 5, 14, "全角括号"),
    ("manual_tags: [“a”]", 5, 15, "中文引号"),
    ("　title: x", 5, 1, "全角空格"),
    # A half-width comma inside a Chinese text.
    ("title: {zh: 想通话,回电, en: Call}", 5, 16, "comma (,) here cuts a text in two: 回电 is left without a value"),
    ("title: {zh: 想通话, 回电}", 5, 16, "cuts a text in two"),
    ("enter: {when: {fact: x, where: {text: 你好,在吗}}}", 5, 41, "cuts a text in two"),
    ("title: {zh:想通话}", 5, 11, "space is missing after the colon"),
    # Empty, twice, unknown.
    ("moves:\n  - {id: m, to: , after: 1d}", 6, 13, "moves[0].to is empty"),
    ("moves:\n  - id: m\n    to:\n    after: 1d", 7, 5, "moves[0].to is empty"),
    ("moves:\n  - {id: m, to: null, after: 1d}", 6, 13, "moves[0].to is empty"),
    ("manual_tags: [a, ~]", 5, 18, "manual_tags[1] is empty"),
    ("moves:\n  - ", 6, 4, "moves[0] is empty"),
    ("tags:", 5, 1, "tags is empty"),
    ("stages: []", 5, 1, "stages is written twice, first in line 2"),
    ('"journey": k', 5, 1, "journey is written twice, first in line 1"),
    ("opportunites: []", 5, 1, "no key opportunites; did you mean opportunities?"),
    ("enter: {when: {fact: x}, after: 3d}", 5, 26, "enter has no key after"),
    ("true: x", 5, 1, "a key is a text; put true in quotes"),
    ("[a]: x", 5, 1, "cannot be a key"),
    # Values of another kind.
    ("moves:\n  - {id: 7, to: b, after: 1d}", 6, 10, "moves[0].id must be a text, not a number; put it in quotes"),
    ("moves:\n  - {id: m, to: b, after: 7 days}", 6, 27, "moves[0].after must be a duration"),
    ("manual_tags: a", 5, 14, "manual_tags must be a list, not a text"),
    ("enter: {if: {tag: a, seen: b}}", 5, 13, "this one has tag and seen"),
    ("enter: {when: {fact: x, where: {f: 1000000000000}}}", 5, 36, "at most 15 digits, below 10^12"),
    ("enter: {when: {fact: x, where: {f: .nan}}}", 5, 36, "no number that can be kept"),
    ("moves:\n  - {id: m, to: c, after: 1d}", 6, 17, "There is no stage c"),
    # YAML itself.
    ("tags:\n\t- {id: x}", 6, 1, "There is a tab here; YAML indents with spaces only"),
    (" tags: []", 5, 2, "not indented like the entries it follows"),
    ("moves:\n  - id: m\n     to: b", 7, 8, "the line is indented wrongly"),
    ("moves:\n  - {id: m, to: b\n  - {id: n, to: a}", 6, 5, "The { that opens here is not closed"),
    ("manual_tags: [a, b", 5, 14, "The [ that opens here is never closed"),
    ("manual_tags: [a, b: c d: e]", 5, 24, "A comma (,) or the closing ] is missing"),
    ("manual_tags: [a,, b]", 5, 17, "one comma or bracket too many"),
    ("title: 'x", 5, 8, "The quotation mark that opens here is never closed"),
    ("title: a: b", 5, 9, "a text with a colon needs quotes"),
    ("title", 5, 1, "neither `key: value` nor a list entry"),
    ("title: @x", 5, 8, "cannot begin with @ unless it stands in quotes"),
    ("moves:\n  - {id: m, from: *, to: b, after: 1d}", 6, 19, 'must stand in quotes: "*"'),
    ("moves: *moves", 5, 8, "There is no anchor &moves before this"),
    ("enter: &e {if: {not: *e}}", 5, 22, "There is no anchor &e before this"),
    ("title: !secret x", 5, 8, "A tag (!) means nothing in a rulebook"),
    ('title: "\\q"', 5, 10, "\\q means nothing inside double quotes"),
    ("---\njourney: k", 5, 1, "a second one begins here"),
    ("title: a\u200b\u2028b", 5, 10, "invisible character U+2028"),
]


@pytest.mark.parametrize(("line_5", "line", "column", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_place(line_5: str, line: int, column: int, words: str) -> None:
    (fault,) = faults_of(f"{HEAD}{line_5}\n")
    assert words in fault.reason
    assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The rulebook is empty"),
        ("# nothing\n", "The rulebook is empty"),
        ("- a", "the rulebook must be a mapping"),
        ("journey：j", "中文冒号"),
        ("%YAML 1.1\n---\njourney: j", "YAML 1.2"),
        ("a\0", "U+0000"),
        ('{"journey": "\\ud800"}', "half of a surrogate pair"),
    ],
)
def test_a_text_that_is_no_rulebook_at_all(text: str, words: str) -> None:
    assert any(words in fault.reason for fault in faults_of(text))


@pytest.mark.parametrize(
    "line_5",
    [
        "title: 你好，世界：早上好",
        "title: {zh: 你好，世界, en: Hello}",
        'manual_tags: ["a，b", "c：d"]',
        "enter: {when: {fact: x, where: {text: 好的，谢谢}}}",
        "enter: {when: {fact: x, where: {keyword: [电话, 语音]}}}",
        "title: 早上 8:30",
        "title: 【重点】“想通话”",
    ],
)
def test_chinese_signs_inside_a_text_are_no_mistake(line_5: str) -> None:
    rulebook(f"{HEAD}{line_5}\n")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        HEAD
        + "manual_tags: [a，b]\nmoves:\n  - {id: m, to: , after: 1 day}\n  - {id: n, too: b, after: 1d}\ncolour: red\n"
    )
    assert [(fault.line, fault.pointer) for fault in faults_of(text)] == [
        (5, "/manual_tags/0"),
        (7, "/moves/0/to"),
        (7, "/moves/0/after"),
        (8, "/moves/1/too"),
        (9, "/colour"),
    ]


def test_every_line_typed_with_full_width_colons_is_named() -> None:
    text = HEAD + "moves:\n  - id：m\n    to：b\n    after: 1d\n"
    assert [(fault.line, fault.column) for fault in faults_of(text)] == [(6, 7), (7, 7)]


def test_a_document_without_a_text_is_refused_without_lines() -> None:
    with pytest.raises(RulebookUnfit) as refused:
        rulebook_of({"journey": "j", "stages": [{"id": "a", "initial": True}], "title": 3})
    assert [(fault.pointer, fault.line) for fault in refused.value.faults] == [("/title", None)]


# -- bounds ----------------------------------------------------------------------------------------------------------


def laughs(levels: int) -> str:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (laughs(9), "at most 50000 values"),
        (laughs(40), "at most 50000 values"),
        ("a: &a [x]\n" + "".join(f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}]\n" for n in range(40)), "32 deep"),
        ("[" * 1_000_000, "32 deep at most"),
        ("{a: " * 250_000, "32 deep at most"),
        ("- " * 500_000, "32 deep at most"),
        ("x" * 1_048_577, "at most 1 MB"),
        ("电" * 400_000, "at most 1 MB"),
        ("- a\n" * 250_000, "at most 50000 values"),
        ("a: " + "x" * 1_000_000, "journey is missing"),
        ('"' + "\\x41" * 200_000, "never closed"),
        (" " * 1_000_000, "is empty"),
        ("\n" * 1_000_000, "is empty"),
    ],
)
def test_large_and_laughing_inputs_are_answered_quickly(text: str, words: str) -> None:
    began = time.process_time()
    faults = faults_of(text)
    assert time.process_time() - began < 10
    assert any(words in fault.reason for fault in faults)


def complaints(read_it: Callable[[], object]) -> Sequence[Fault] | None:
    """The faults of a refusal; ``None`` if it was read. Anything else is raised."""
    try:
        read_it()
    except RulebookUnfit as refusal:
        return refusal.faults
    return None


@settings(max_examples=MUTATIONS, deadline=timedelta(seconds=5))
@given(mutated_texts([GYM, CLINIC, json.dumps(read(GYM).document, ensure_ascii=False)]))
def test_a_mutated_text_is_read_or_refused_with_places(text: str) -> None:
    faults = complaints(lambda: rulebook(text))
    assert faults is None or len(faults) > 0
    for fault in faults or ():
        assert fault.reason.endswith((".", "?"))
        assert 1 <= (fault.line or 0) <= text.count("\n") + text.count("\r") + 1
        assert (fault.column or 0) >= 1


@settings(max_examples=MUTATIONS // 5, deadline=timedelta(seconds=5))
@given(mutated_documents([read(GYM).document, read(CLINIC).document]))
def test_a_mutated_document_fares_alike_as_text_and_as_json(document: Any) -> None:
    as_text = complaints(lambda: rulebook(json.dumps(document)))
    as_json = complaints(lambda: rulebook_of(document))
    assert (as_text is None) == (as_json is None)
