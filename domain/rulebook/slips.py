"""Slips of a Chinese keyboard: full-width signs where YAML needs its own, and a half-width comma inside a text.

YAML takes a full-width sign for a letter, so most slips are no error of YAML's: `[a，b]` is a list of one text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from domain.rulebook.places import Lines
from domain.rulebook.schema import KEYS

_COMMA = "The comma here is a full-width one (，, 中文逗号); YAML needs the half-width comma (,)."
_PAUSE = "The sign here is a Chinese enumeration comma (、, 顿号); YAML needs the half-width comma (,)."
_COLON = "The colon here is a full-width one (：, 中文冒号); YAML needs the half-width colon and a space (: )."
_SPACE = "The space here is a full-width one (U+3000, 全角空格); YAML needs the half-width space."
_BRACKET = "The bracket here is a full-width one (全角括号); YAML needs the half-width [ ] or {{ }}, not {0}."
_QUOTE = "The quotation mark here is a Chinese one ({0}, 中文引号); YAML needs the half-width \" or '."
_MEANT = " If it belongs to the text, put the text in quotes."
_NO_SPACE = "A space is missing after the colon here; YAML needs `key: value`."
_CUT = (
    "The half-width comma (,) here cuts a text in two: {0} is left without a value. Put the whole text in quotes, "
    "or type the full-width comma (，, 中文逗号)."
)

_A_KEY = r"[A-Za-z_][A-Za-z_0-9]*"
_KNOWN_KEY = "(?:" + "|".join(sorted(KEYS)) + ")"
_KEY_AND_COLON = re.compile(rf"(?<![^\s，、,{{\[]){_KNOWN_KEY}\s*(?P<sign>：)")
_LEADING_KEY_AND_COLON = re.compile(rf"{_A_KEY}\s*(?P<sign>[：:])")
_QUOTED_OR_COMMENT = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?:^|(?<=\s))\#.*""")
_BROKEN_KEY = re.compile(rf"(?:^|[{{\[\s,，、-])\s*{_A_KEY}\s*(?P<sign>：)")
_BROKEN_LIST = re.compile(rf"[\[{{][^\]}}]*?(?P<sign>[，、])|(?P<next>[，、])\s*{_A_KEY}\s*[:：]")
_BROKEN_SPACE = re.compile(r"^[ \-]*(?P<sign>\u3000)")
_BROKEN_BRACKET = re.compile(r"(?:[:：]\s*|^\s*-\s+)(?P<sign>[【［｛“‘])")


@dataclass(frozen=True, slots=True)
class Slip:
    """``index``: the wrong sign, counted in characters from where the text looked at begins."""

    index: int
    reason: str


def in_name(written: str, listed: bool) -> Slip | None:
    """A slip in a plain text that stands for a name, or for one text of a list in brackets (``listed``)."""
    for index, sign in enumerate(written):
        if sign == "，" or (sign == "、" and listed):
            return Slip(index, (_COMMA if sign == "，" else _PAUSE) + _MEANT)
    if written[0] in "“”‘’":
        return Slip(0, _QUOTE.format(written[0]) + _MEANT)
    if written[0] in "【［｛" and written[-1] in "】］｝":
        return Slip(0, _BRACKET.format(written[0]) + _MEANT)
    return in_text(written)


def in_text(written: str) -> Slip | None:
    """A slip in any plain text: a key of the rulebook with a full-width colon behind it."""
    found = _KEY_AND_COLON.search(written)
    return Slip(found.start("sign"), _COLON + _MEANT) if found is not None else None


def in_entry(written: str) -> Slip | None:
    """A slip in a plain text where a mapping is more likely: `id：lead` or `id:lead` as an entry of a list."""
    found = _LEADING_KEY_AND_COLON.match(written)
    if found is None:
        return None
    return Slip(found.start("sign"), _COLON if found["sign"] == "：" else _NO_SPACE)


def in_key(written: str, without_value: bool) -> Slip | None:
    """A slip in a plain key; ``without_value`` if nothing follows it."""
    if written[0] == "\u3000" or written[-1] == "\u3000":
        return Slip(0 if written[0] == "\u3000" else len(written) - 1, _SPACE)
    for index, sign in enumerate(written):
        if sign == "：":
            return Slip(index, _COLON)
        if sign in "，、":
            return Slip(index, (_COMMA if sign == "，" else _PAUSE) + _MEANT)
        if sign == ":" and without_value:
            return Slip(index, _NO_SPACE)
    return None


def cut(rest: str) -> str:
    """The sentence for a half-width comma that left ``rest`` of a text behind as a key without a value."""
    return _CUT.format(rest)


def near(text: str, lines: Lines, index: int) -> Iterator[Slip]:
    """Slips in the line at which the parser gave up, and in the lines above it as long as they have one.

    A line with a full-width colon is a text to YAML, which goes on in the next line and fails only there.
    """
    line = lines.place(index).line
    yield from _in_line(text, lines.start(line))
    for above in range(line - 1, 0, -1):
        slips = list(_in_line(text, lines.start(above)))
        if not slips:
            return
        yield from slips


def _in_line(text: str, start: int) -> Iterator[Slip]:
    line = re.match(r"[^\r\n]*", text[start : start + 2000])
    assert line is not None
    bare = _QUOTED_OR_COMMENT.sub(lambda found: " " * len(found[0]), line[0])
    for pattern in (_BROKEN_SPACE, _BROKEN_KEY, _BROKEN_LIST, _BROKEN_BRACKET):
        found = pattern.search(bare)
        if found is not None:
            at = found.start("sign") if found["sign"] is not None else found.start("next")
            yield Slip(start + at, _REASONS.get(bare[at]) or _QUOTE.format(bare[at]))


_REASONS = {"，": _COMMA, "、": _PAUSE, "：": _COLON, "\u3000": _SPACE} | {
    bracket: _BRACKET.format(bracket) for bracket in "【［｛"
}
