"""The closed language of conditions for the naive fold, from the design alone: read the whole history each time."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from domain.facts import Fact

Document = dict[str, Any]

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Situation:
    """What a condition may ask about: the facts up to now, the clock, and where the customer stands."""

    seen: list[Fact]
    clock: int
    stage: str | None
    since: int | None
    tags: Mapping[str, object]

    def triggered(self, rule: Document, fact: Fact | None) -> bool:
        when = rule.get("when")
        if when is not None:
            if fact is None or not matches(fact, when["fact"], when.get("where", {})):
                return False
            times = when.get("times")
            if times and len(self.window(when["fact"], when.get("where", {}), times)) < times["at_least"]:
                return False
        return self.holds(rule.get("if"))

    def window(self, types: Any, where: Document, within: Document) -> list[Fact]:
        start = self.clock - length(within["within"]) if "within" in within else None
        return [f for f in self.seen if matches(f, types, where) and (start is None or f.occurred_at >= start)]

    def holds(self, condition: Document | None) -> bool:
        if condition is None:
            return True
        where = condition.get("where", {})
        if "all" in condition:
            return all(self.holds(member) for member in condition["all"])
        if "any" in condition:
            return any(self.holds(member) for member in condition["any"])
        if "not" in condition:
            return not self.holds(condition["not"])
        if "tag" in condition:
            return any(name in self.tags for name in several(condition["tag"]))
        if "stage" in condition:
            return self.stage in several(condition["stage"])
        if "in_stage_for" in condition:
            return self.since is not None and self.clock - self.since >= length(condition["in_stage_for"])
        if "attribute" in condition:
            name, operators = condition["attribute"], dict(condition)
            del operators["attribute"]
            return fits(self.attribute(name), operators or {"exists": True})
        if "seen" in condition:
            return bool(self.window(condition["seen"], where, condition))
        if "count" in condition:
            found = len(self.window(condition["count"], where, condition))
            return bool(condition.get("at_least", 0) <= found <= condition.get("at_most", found))
        found = sum(
            whole_millionths(fact.data[condition["field"]])
            for fact in self.window(condition["sum"], where, condition)
            if is_number(fact.data.get(condition["field"]))
        )
        return not (
            ("gte" in condition and found < whole_millionths(condition["gte"]))
            or ("lte" in condition and found > whole_millionths(condition["lte"]))
        )

    def attribute(self, name: str) -> Any:
        for fact in reversed(self.seen):
            attributes = fact.data.get("attributes")
            if fact.type == "profile.changed" and isinstance(attributes, dict) and name in attributes:
                return attributes[name]
        return None


def text(rule: Document) -> str:
    return json.dumps(rule, sort_keys=True)


def several(named: Any) -> list[str]:
    return [named] if isinstance(named, str) else list(named)


def stages(document: Document) -> list[str]:
    return [stage["id"] for stage in document["stages"]]


def initial(document: Document) -> str:
    [first] = [str(stage["id"]) for stage in document["stages"] if stage.get("initial")]
    return first


def is_if_alone(move: Document) -> bool:
    return "when" not in move and "after" not in move


def is_length(written: str) -> bool:
    return re.fullmatch(r"\d+[smhdw]|PT\d+H", written) is not None


def length(written: str) -> int:
    """The forms that generated rulebooks use: 14d and PT36H."""
    if written.startswith("PT"):
        written = written.removeprefix("PT").lower()
    return int(written[:-1]) * SECONDS[written[-1]] * 1_000_000


def is_of(fact: Fact, types: Any) -> bool:
    return "*" in several(types) or fact.type in several(types)


def matches(fact: Fact, types: Any, where: Document) -> bool:
    return is_of(fact, types) and all(field_fits(fact, name, wanted) for name, wanted in where.items())


def field_fits(fact: Fact, name: str, wanted: Any) -> bool:
    if name == "keyword":
        said = fact.data.get("text")
        return isinstance(said, str) and any(word in said for word in several(wanted))
    if isinstance(wanted, dict):
        return fits(fact.data.get(name), wanted)
    return fits(fact.data.get(name), {"in": wanted if isinstance(wanted, list) else [wanted]})


def fits(value: Any, operators: Document) -> bool:
    tests: dict[str, Callable[[Any], bool]] = {
        "exists": lambda wanted: (value is not None) == wanted,
        "eq": lambda wanted: equal(value, wanted),
        "in": lambda wanted: any(equal(value, option) for option in wanted),
        "gte": lambda wanted: comparable(value, wanted) and value >= wanted,
        "lte": lambda wanted: comparable(value, wanted) and value <= wanted,
    }
    return all(tests[operator](wanted) for operator, wanted in operators.items())


def equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return bool(value is wanted)
    return comparable(value, wanted) and bool(value == wanted)


def comparable(value: Any, wanted: Any) -> bool:
    return (is_number(value) and is_number(wanted)) or (isinstance(value, str) and isinstance(wanted, str))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_millionths(value: float) -> int:
    return round(value * 10**6)
