"""From the nodes of a text to plain values; what is empty, written twice or a slip of the keyboard is named."""

import re
from difflib import get_close_matches
from typing import Any

from domain.refusals import Fault, RulebookUnfit
from domain.rulebook import slips
from domain.rulebook.nodes import MOST_VALUES, Mapping, Node, Scalar, Sequence
from domain.rulebook.places import Lines, Place, Places, spoken
from domain.rulebook.schema import KEYS
from domain.strict_json import DEEPEST, UnfitNumber, escaped, parse

_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"(?P<true>true|True|TRUE)|false|False|FALSE")
_DECIMAL = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<exponent>[eE][-+]?[0-9]{1,4})?", re.ASCII
)
_OTHER_BASE = re.compile(r"0o(?P<octal>[0-7]+)|0x(?P<hexadecimal>[0-9a-fA-F]+)")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_FREE_TEXT = frozenset({"title", "where", "in", "eq", "gte", "lte"})
"""Keys under which a text is what people write, so that a Chinese comma in it may be meant."""


class PlainValues:
    """The plain value of a tree of nodes, with ``places`` and ``faults``.

    What has been named here need not be told again by the schema: ``told`` holds the pointers of such values,
    ``incomplete`` those of mappings that lost a key to a fault.
    """

    def __init__(self, root: Node, text: str, lines: Lines) -> None:
        self._text = text
        self._lines = lines
        self._left = MOST_VALUES
        self._values: dict[str, Place] = {}
        self._keys: dict[str, Place] = {}
        self.faults: list[Fault] = []
        self.told: set[str] = set()
        self.incomplete: set[str] = set()
        if isinstance(root, Scalar) and root.plain:
            self._slip(slips.in_entry(self._written(root)), root, "")
        self.value = self._value(root, "", 1)

    @property
    def places(self) -> Places:
        return Places(self._values, self._keys)

    def _value(self, node: Node, pointer: str, depth: int, *, free: bool = False, listed: bool = False) -> Any:
        self._left -= 1
        if self._left < 0:
            raise RulebookUnfit(faults=[Fault(f"A rulebook has at most {MOST_VALUES} values.", pointer, 1, 1)])
        self._values[pointer] = self._lines.place(node.start)
        if isinstance(node, Scalar):
            return self._scalar(node, pointer)
        if depth > DEEPEST:
            raise RulebookUnfit(faults=[Fault(f"A rulebook is nested {DEEPEST} deep at most.", pointer, 1, 1)])
        if isinstance(node, Sequence):
            return [self._member(node, index, pointer, depth, free) for index in range(len(node.members))]
        return self._mapping(node, pointer, depth, free)

    def _member(self, node: Sequence, index: int, pointer: str, depth: int, free: bool) -> Any:
        member = node.members[index]
        here = f"{pointer}/{index}"
        if isinstance(member, Scalar) and member.plain and member.text:
            written = self._written(member)
            slip = slips.in_entry(written) if not free else None
            slip = slip or (slips.in_name(written, listed=True) if node.flow else None)
            slip = slip or (slips.in_text(written) if free else slips.in_name(written, listed=False))
            self._slip(slip, member, here)
        value = self._value(member, here, depth + 1, free=free)
        if value is None:
            self._fault(f"{spoken(here)} is empty.", here, member.start)
        return value

    def _mapping(self, node: Mapping, pointer: str, depth: int, free: bool) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for index, (key, value) in enumerate(node.pairs):
            name = self._key(node, index, pointer)
            if name is None:
                self.incomplete.add(pointer)
                continue
            here = f"{pointer}/{escaped(name)}"
            if name in mapping:
                before = self._keys[here].line
                self._fault(f"{spoken(here)} is written twice, first in line {before}.", here, key.start)
                continue
            self._keys[here] = self._lines.place(key.start)
            mapping[name] = self._member_value(value, here, depth, free or name in _FREE_TEXT)
            if mapping[name] is None:
                self._fault(f"{spoken(here)} is empty; give it a value or leave it out.", here, key.start)
        return mapping

    def _member_value(self, value: Node, pointer: str, depth: int, free: bool) -> Any:
        if isinstance(value, Scalar) and value.plain and value.text:
            written = self._written(value)
            slip = slips.in_text(written) if free else slips.in_name(written, listed=False)
            if slip is not None:
                self._slip(slip, value, pointer)
                # The text may have swallowed the keys behind it: `to: b，after：1d`.
                self.incomplete.add(pointer.rpartition("/")[0])
        return self._value(value, pointer, depth + 1, free=free)

    def _key(self, node: Mapping, index: int, pointer: str) -> str | None:
        """The name of a pair; ``None`` if it is none, which is then told."""
        key, value = node.pairs[index]
        if not isinstance(key, Scalar):
            self._bad_key("A list or mapping cannot be a key.", pointer, key)
            return None
        alone = isinstance(value, Scalar) and value.plain and not value.text
        if not key.plain or key.text in KEYS:
            return key.text
        slip = slips.in_key(self._written(key), alone) if key.text else None
        if slip is not None:
            self._slip(slip, key, f"{pointer}/{escaped(key.text)}")
            return None
        if node.flow and alone and self._is_rest_of_text(node, index):
            comma = self._text.rfind(",", 0, key.start)
            self._fault(slips.cut(key.text[:60]), f"{pointer}/{escaped(key.text)}", comma)
            return None
        if not isinstance(_resolved(key), str):
            self._bad_key(f"{spoken(pointer)}: a key is a text; put {key.text or 'it'} in quotes.", pointer, key)
            return None
        return key.text

    def _is_rest_of_text(self, node: Mapping, index: int) -> bool:
        """Whether a key without a value is what a comma cut off a text before it, and no misspelt key."""
        key = node.pairs[index][0]
        assert isinstance(key, Scalar)
        texts_before = any(isinstance(value, Scalar) and value.text for _, value in node.pairs[:index])
        return texts_before and not get_close_matches(key.text, KEYS, 1, 0.75)

    def _scalar(self, node: Scalar, pointer: str) -> Any:
        if not node.plain:
            return self._joined(node, pointer)
        value = _resolved(node)
        if isinstance(value, UnfitNumber):
            self._fault(
                f"{spoken(pointer)} is no number that can be kept: at most 15 digits, below 10^12 in amount. "
                "Put it in quotes if it is a text.",
                pointer,
                node.start,
            )
            return 0
        return value

    def _joined(self, node: Scalar, pointer: str) -> str:
        """A quoted text; JSON writes a character beyond U+FFFF as two escapes, which belong together."""
        if not any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in node.text):
            return node.text
        try:
            text = node.text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self._fault(
                f"{spoken(pointer)} contains \\0 or half of a surrogate pair (\\ud800 to \\udfff).", pointer, node.start
            )
            return ""
        return text

    def _written(self, node: Scalar) -> str:
        return self._text[node.start : node.end]

    def _bad_key(self, reason: str, pointer: str, key: Node) -> None:
        place = self._lines.place(key.start)
        self.faults.append(Fault(reason, pointer, place.line, place.column))

    def _slip(self, slip: slips.Slip | None, node: Scalar, pointer: str) -> None:
        if slip is not None:
            self._fault(slip.reason, pointer, node.start + slip.index)

    def _fault(self, reason: str, pointer: str, index: int) -> None:
        place = self._lines.place(index)
        self.faults.append(Fault(reason, pointer, place.line, place.column))
        self.told.add(pointer)


def _resolved(node: Scalar) -> Any:
    """A plain scalar by the core schema of YAML 1.2: null, true, false, a number, else the text itself."""
    text = node.text
    if _NULL.fullmatch(text):
        return None
    boolean = _BOOLEAN.fullmatch(text)
    if boolean is not None:
        return boolean["true"] is not None
    if _NO_NUMBER.fullmatch(text):
        return UnfitNumber(text)
    other = _OTHER_BASE.fullmatch(text)
    if other is not None:
        return _whole(other["octal"] or other["hexadecimal"], 8 if other["octal"] else 16)
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None or not (decimal["whole"] or decimal["fraction"]):
        return text
    minus = "-" if decimal["sign"] == "-" else ""
    fraction = f".{decimal['fraction']}" if decimal["fraction"] else ""
    return parse(f"{minus}{decimal['whole'].lstrip('0') or '0'}{fraction}{decimal['exponent'] or ''}")


def _whole(digits: str, base: int) -> Any:
    return UnfitNumber(digits) if len(digits) > 20 else parse(str(int(digits, base)))
