"""What is wrong with a rulebook that fits the schema, before customers feel it."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from domain.refusals import Fault, RulebookUnfit
from domain.rulebook.document import EVERY, Document
from domain.rulebook.places import Places
from domain.rulebook.reader import read
from domain.rulebook.schema_faults import schema_faults
from domain.rulebook.stage_ways import way_findings
from domain.strict_json import escaped, unfit

_RESERVED_IDS = frozenset({"enter", "leave"})
_RULES = ("tags", "moves", "opportunities")


def lint(document: Document, known_timezones: Collection[str], places: Places | None = None) -> list[Fault]:
    """The findings for a document that fits the schema, with line and column as far as ``places`` tells.

    Severity ``error``: it must not be published. ``warning``: it is probably not what was meant. A document without
    an error can be built. ``known_timezones`` are the names of the tz database.
    """
    found = [
        *_timezone(document, known_timezones),
        *_ids(document),
        *_unknown_stages(document),
        *_unknown_tags(document),
        *_renames(document),
        *_empty_ranges(document),
        *way_findings(document),
    ]
    located = (places or Places()).located(found)
    return sorted(located, key=lambda fault: (fault.line or 0, fault.column or 0))


def findings(text: str, known_timezones: Collection[str]) -> list[Fault]:
    """Everything wrong with a rulebook in YAML or JSON: what keeps it from being read, or else what lint finds."""
    try:
        done = read(text)
    except RulebookUnfit as refusal:
        return list(refusal.faults)
    return lint(done.document, known_timezones, done.places)


def findings_of(document: Any, known_timezones: Collection[str]) -> list[Fault]:
    """The same for a document that came as parsed JSON; there are no lines."""
    return [*unfit(document)] or schema_faults(document) or lint(document, known_timezones)


def _timezone(document: Document, known_timezones: Collection[str]) -> Iterator[Fault]:
    name = document.get("timezone", "UTC")
    if name not in known_timezones:
        yield Fault(f"There is no time zone {name}{_near(name, known_timezones)}.", "/timezone")


def _ids(document: Document) -> Iterator[Fault]:
    """An id stands once in its list. A tag rule and a move may share one: the kind of a step tells them apart."""
    for section in ("stages", *_RULES):
        first: dict[str, int] = {}
        for index, entry in enumerate(document.get(section, ())):
            pointer = f"/{section}/{index}/id"
            if first.setdefault(entry["id"], index) != index:
                earlier = f"{section}[{first[entry['id']]}]"
                yield Fault(f"The id {entry['id']} is used twice, first in {earlier}.", pointer)
            if section == "stages" and entry["id"] == EVERY:
                yield Fault('A stage cannot be called "*", which stands for every stage.', pointer)
            if section != "stages" and entry["id"] in _RESERVED_IDS:
                yield Fault(f"No rule can be called {entry['id']}: the trail has its own meaning for it.", pointer)


def _unknown_stages(document: Document) -> Iterator[Fault]:
    stages = [stage["id"] for stage in document["stages"]]
    for pointer, name, every_allowed in _stages_named(document):
        if name not in stages and not (every_allowed and name == EVERY):
            yield Fault(f"There is no stage {name}{_near(name, stages)}.", pointer)


def _stages_named(document: Document) -> Iterator[tuple[str, str, bool]]:
    """Every place that names a stage; the last tells whether "*" may stand there."""
    for section in ("moves", "manual"):
        for index, entry in enumerate(document.get(section, ())):
            for pointer, name in _each(entry.get("from", EVERY), f"/{section}/{index}/from"):
                yield pointer, name, True
            for pointer, name in _each(entry["to"], f"/{section}/{index}/to"):
                yield pointer, name, section == "manual"
    for pointer, condition in _conditions(document):
        for place, name in _each(condition.get("stage", ()), f"{pointer}/stage"):
            yield place, name, False
    for old, new in document.get("renames", {}).items():
        yield f"/renames/{escaped(old)}", new, False


def _unknown_tags(document: Document) -> Iterator[Fault]:
    """Without ``manual_tags`` people may set any tag, so that an unknown one is a doubt and no error."""
    by_rule = [rule["add"] for rule in document.get("tags", ()) if "add" in rule]
    known = {*by_rule, *document.get("manual_tags", ())}
    severity = "error" if "manual_tags" in document else "warning"
    for pointer, condition in _conditions(document):
        for place, tag in _each(condition.get("tag", ()), f"{pointer}/tag"):
            if tag not in known:
                yield Fault(
                    f"No rule adds the tag {tag}{_near(tag, known)}; if people set it, list it in manual_tags.",
                    place,
                    severity=severity,
                )
    for index, rule in enumerate(document.get("tags", ())):
        if "remove" in rule and rule["remove"] not in known:
            yield Fault(
                f"No rule adds the tag {rule['remove']} that is removed here{_near(rule['remove'], known)}.",
                f"/tags/{index}/remove",
                severity="warning",
            )


def _renames(document: Document) -> Iterator[Fault]:
    stages = {stage["id"] for stage in document["stages"]}
    for old in document.get("renames", {}):
        if old in stages:
            yield Fault(f"The stage {old} still exists, so its rename means nothing.", f"/renames/{escaped(old)}")


def _empty_ranges(document: Document) -> Iterator[Fault]:
    for pointer, condition in _conditions(document):
        for low, high in (("at_least", "at_most"), ("gte", "lte")):
            least, most = condition.get(low), condition.get(high)
            if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
                yield Fault(f"Nothing is {low} {least} and {high} {most}.", f"{pointer}/{low}", severity="warning")


def _conditions(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every condition of a rulebook, inner ones too, with its pointer."""
    triggers = [(f"/{name}", document[name]) for name in ("enter", "leave") if name in document]
    for section in _RULES:
        for index, rule in enumerate(document.get(section, ())):
            triggers.append((f"/{section}/{index}", rule))
            if "closes" in rule:
                triggers.append((f"/{section}/{index}/closes", rule["closes"]))
    for pointer, trigger in triggers:
        if "if" in trigger:
            yield from _within(trigger["if"], f"{pointer}/if")


def _within(condition: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield pointer, condition
    for operator in ("all", "any"):
        for index, member in enumerate(condition.get(operator, ())):
            yield from _within(member, f"{pointer}/{operator}/{index}")
    if "not" in condition:
        yield from _within(condition["not"], f"{pointer}/not")


def _each(named: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(named, str):
        yield pointer, named
    else:
        yield from ((f"{pointer}/{index}", name) for index, name in enumerate(named))


def _near(name: str, known: Collection[str]) -> str:
    matches = get_close_matches(name, known, 1)
    return f" (did you mean {matches[0]}?)" if matches else ""
