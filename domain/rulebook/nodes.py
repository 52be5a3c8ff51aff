"""The text of a rulebook as a tree of nodes, each with the place it is written in: YAML 1.2, bounded in every way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from domain.refusals import Fault, RulebookUnfit
from domain.rulebook.places import Lines
from domain.rulebook.yaml_faults import yaml_faults
from domain.strict_json import DEEPEST

LARGEST_TEXT = 1 << 20
"""Bytes of UTF-8."""

MOST_VALUES = 50_000
"""Values and keys, those repeated by an alias included."""

_UNWRITABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile(r"^%(?!YAML[ \t]+1\.2[ \t]*(?:#.*)?$).*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Scalar:
    """``plain``: written without quotes, so that it may be a number. Indices are characters of the text."""

    text: str
    plain: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """``flow``: written in brackets."""

    members: tuple["Node", ...]
    flow: bool
    start: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """``flow``: written in braces."""

    pairs: tuple[tuple["Node", "Node"], ...]
    flow: bool
    start: int


Node = Scalar | Sequence | Mapping


def compose(text: str, lines: Lines) -> Node:
    """The one document of a text. An alias gives the very node of its anchor. Raises ``RulebookUnfit``."""
    if len(text) > LARGEST_TEXT or len(text.encode("utf-8", "surrogatepass")) > LARGEST_TEXT:
        raise RulebookUnfit(faults=[Fault("A rulebook is at most 1 MB long.", line=1, column=1)])
    unwritable = _UNWRITABLE.search(text)
    if unwritable is not None:
        raise _unfit(
            f"The invisible character U+{ord(unwritable[0]):04X} cannot stand in a rulebook; delete it.",
            unwritable.start(),
            lines,
        )
    return _Composer(text, lines).document()


def _unfit(reason: str, index: int, lines: Lines) -> RulebookUnfit:
    place = lines.place(index)
    return RulebookUnfit(faults=[Fault(reason, line=place.line, column=place.column)])


class _Composer:
    def __init__(self, text: str, lines: Lines) -> None:
        self._text = text
        self._lines = lines
        self._events = self._read()
        self._anchored: dict[str, Node] = {}
        self._left = MOST_VALUES

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._refuse_directives(event)
                if root is not None:
                    raise self._refusal("A rulebook is one document; a second one begins here.", event)
            elif isinstance(event, NodeEvent):
                root = self._node(event, 1)
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            raise RulebookUnfit(faults=[Fault("The rulebook is empty.", line=1, column=1)])
        return root

    def _read(self) -> Iterator[Event]:
        """The events of the parser, whose complaints become faults."""
        try:
            yield from YAML(typ="safe", pure=True).parse(self._text)
        except MarkedYAMLError as error:
            raise RulebookUnfit(faults=yaml_faults(error, self._text, self._lines)) from None
        except (YAMLError, ValueError, OverflowError, LookupError) as error:
            # The scanner trips over a few texts (a \U escape beyond Unicode, say) without telling where.
            raise RulebookUnfit(faults=[Fault(f"YAML cannot read this: {error}.", line=1, column=1)]) from None

    def _refuse_directives(self, event: Event) -> None:
        directive = _DIRECTIVE.search(self._text, 0, event.start_mark.index)
        if directive is not None:
            raise _unfit("A rulebook is YAML 1.2; no other directive (%) is taken.", directive.start(), self._lines)

    def _node(self, event: NodeEvent, depth: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise self._refusal(f"A rulebook has at most {MOST_VALUES} values.", event)
        if isinstance(event, AliasEvent):
            return self._of_alias(event)
        assert isinstance(event, ScalarEvent | CollectionStartEvent)
        if event.tag is not None:
            raise self._refusal(
                "A tag (!) means nothing in a rulebook; put a text that begins with ! in quotes.", event
            )
        if depth > DEEPEST and not isinstance(event, ScalarEvent):
            raise self._refusal(f"A rulebook is nested {DEEPEST} deep at most.", event)
        node = self._new(event, depth)
        if event.anchor is not None:
            if event.anchor in self._anchored:
                raise self._refusal(f"The anchor &{event.anchor} is given twice.", event)
            self._anchored[event.anchor] = node
        return node

    def _of_alias(self, event: AliasEvent) -> Node:
        node = self._anchored.get(event.anchor)
        if node is None:
            raise self._refusal(
                f'There is no anchor &{event.anchor} before this *{event.anchor}; "*" itself must stand in quotes.',
                event,
            )
        return node

    def _new(self, event: NodeEvent, depth: int) -> Node:
        start = event.start_mark.index
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, event.style is None, start, event.end_mark.index)
        if isinstance(event, SequenceStartEvent):
            members = tuple(self._members(SequenceEndEvent, depth))
            return Sequence(members, bool(event.flow_style), start)
        nodes = list(self._members(MappingEndEvent, depth))
        assert isinstance(event, MappingStartEvent)
        return Mapping(tuple(zip(nodes[::2], nodes[1::2], strict=True)), bool(event.flow_style), start)

    def _members(self, end: type[Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            assert isinstance(event, NodeEvent)
            yield self._node(event, depth + 1)

    def _refusal(self, reason: str, event: Event) -> RulebookUnfit:
        return _unfit(reason, event.start_mark.index, self._lines)
