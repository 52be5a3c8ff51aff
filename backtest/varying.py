"""One value of a rule, varied: a candidate for each value of a list."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from domain.refusals import Fault, NotJson, NotUnderstood, RulebookUnfit
from domain.rulebook.document import Document, Rulebook
from domain.rulebook.reader import rulebook_of
from domain.strict_json import parse

MOST_VALUES: Final = 24
PATH: Final = "/vary/path"


@dataclass(frozen=True, slots=True)
class Vary:
    """``path`` names a value: section, id of the rule, then keys (or places in a list): ``moves.silent.after``.

    The keys of a trigger may be named without ``when``: ``tags.price.times.at_least``.
    """

    path: str
    values: tuple[Any, ...]


def varied_rulebooks(document: Document, vary: Vary) -> tuple[Rulebook, ...]:
    """The candidate with each of the values. Raises ``NotUnderstood``: no such rule, or a value does not fit there."""
    if not 0 < len(vary.values) <= MOST_VALUES:
        raise NotUnderstood(faults=[Fault(f"Name between 1 and {MOST_VALUES} values.", "/vary/values")])
    return tuple(_fitting(varied(document, vary.path, value), value, place) for place, value in enumerate(vary.values))


def varied(document: Document, path: str, value: Any) -> Document:
    """The document with one value put at a path. Raises ``NotUnderstood`` if the path names nothing in it."""
    changed = deepcopy(dict(document))
    within, key, rest = _step(changed, path)
    while rest:
        within, key, rest = _step(within[key], rest)
    within[key] = value
    return changed


def value_of(text: str) -> Any:
    """A value as it is written on a command line: a number, true, false, a text in quotes, or a text without."""
    try:
        value = parse(text)
    except NotJson:
        return text
    return value


def _step(within: Any, path: str) -> tuple[Any, Any, str]:
    """What the path goes on in, its key there, and what is left of it; a key that ends the path may be new."""
    known = _keys(within)
    fitting = [name for name in known if path == name or path.startswith(f"{name}.")]
    if fitting:
        # Ids and fields may have dots in them.
        name = max(fitting, key=len)
        return within, known[name], path[len(name) + 1 :]
    if isinstance(within, dict) and path.split(".")[0] in within.get("when", ()):
        return _step(within["when"], path)
    if isinstance(within, dict) and "id" in within and "." not in path:
        return within, path, ""
    raise _lost(f"There is no {path[:80]!r} in the candidate; there is: {', '.join(known) or 'nothing more'}.")


def _keys(within: Any) -> dict[str, Any]:
    """The names of what lies within, as keys; of a list the ids of its rules, else places that count from 0."""
    if isinstance(within, dict):
        return {name: name for name in within}
    if isinstance(within, list):
        ids = (entry.get("id") if isinstance(entry, dict) else None for entry in within)
        return {str(place) if one is None else one: place for place, one in enumerate(ids)}
    return {}


def _lost(reason: str) -> NotUnderstood:
    return NotUnderstood(faults=[Fault(reason, PATH)])


def _fitting(document: Document, value: Any, place: int) -> Rulebook:
    try:
        return rulebook_of(document)
    except RulebookUnfit as refusal:
        faults = [Fault(f"With {value!r}: {fault.reason}", f"/vary/values/{place}") for fault in refusal.faults]
        raise NotUnderstood(faults=faults) from None
