"""The one dictionary of several rulebooks: every name, atom, predicate and summed field has its place, once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from domain.rulebook.conditions import All, Any_, Condition, HasAttribute, HasTag, Matcher, Not, Predicate, Trigger
from domain.rulebook.document import Rulebook

Key = TypeVar("Key")


class Places(dict[Key, int]):
    """The place of each key, in the order in which they were first asked for."""

    def __missing__(self, key: Key) -> int:
        self[key] = len(self)
        return self[key]


@dataclass(slots=True)
class Dictionary:
    """Grows while rulebooks are made into tables. Begin with the tags of all rulebooks, so that they stand in order."""

    names: Places[str] = field(default_factory=Places)
    atoms: list[Matcher] = field(default_factory=list)
    amounts: Places[str] = field(default_factory=Places)
    attributes: list[tuple[str, Predicate]] = field(default_factory=list)
    _atoms: Places[str] = field(default_factory=Places)
    _attributes: Places[str] = field(default_factory=Places)

    def atom(self, matcher: Matcher) -> int:
        """The place of what a matcher means, however far it looks back."""
        place = self._atoms[text_of(matcher)]
        if place == len(self.atoms):
            self.atoms.append(replace(matcher, within=None, text=""))
        return place

    def amount(self, summed: str | None) -> int:
        """The place of a summed field; -1 for none."""
        return -1 if summed is None else self.amounts[summed]

    def attribute(self, condition: HasAttribute) -> int:
        place = self._attributes[repr((condition.name, condition.predicate))]
        if place == len(self.attributes):
            self.attributes.append((condition.name, condition.predicate))
        return place


def text_of(matcher: Matcher) -> str:
    """Values are written out: as dictionary keys 1 and true would be one."""
    types = None if matcher.types is None else sorted(matcher.types)
    return repr((types, sorted(map(repr, matcher.where)), matcher.summed))


def tags_of(rulebooks: Iterable[Rulebook]) -> list[str]:
    """Every tag that a rule sets, drops or looks at, in order of name."""
    named: set[str] = set()
    for rulebook in rulebooks:
        named |= {rule.tag for rule in rulebook.tags}
        for trigger in _triggers(rulebook):
            named.update(tag for leaf in _leaves(trigger.condition) if isinstance(leaf, HasTag) for tag in leaf.tags)
    return sorted(named)


def _triggers(rulebook: Rulebook) -> Iterator[Trigger]:
    closings = [rule.closes for rule in rulebook.opportunities]
    yield from (trigger for trigger in (rulebook.enter, rulebook.leave, *closings) if trigger is not None)
    yield from (rule.trigger for rule in rulebook.tags)
    yield from (rule.trigger for rule in rulebook.moves)
    yield from (rule.trigger for rule in rulebook.opportunities)


def _leaves(condition: Condition | None) -> Iterator[Any]:
    match condition:
        case All(members) | Any_(members):
            for member in members:
                yield from _leaves(member)
        case Not(member):
            yield from _leaves(member)
        case _:
            yield condition
