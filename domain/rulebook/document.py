"""A rulebook: one numbered, immutable version of a journey's rules, built from a document that fits the schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from domain.instants import Duration, duration
from domain.refusals import Fault, RulebookUnfit
from domain.rulebook.conditions import (
    All,
    Any_,
    Condition,
    Counted,
    HasAttribute,
    HasTag,
    InStage,
    InStageFor,
    Keyword,
    Matcher,
    Not,
    Predicate,
    Summed,
    Trigger,
    When,
    alike,
    millionths,
)
from domain.strict_json import canonical

Document = Mapping[str, Any]
Title = Mapping[str, str]

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    title: Title
    initial: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class TagRule:
    """``text`` is the rule as written, canonically: what a rule has fired stays with its text."""

    id: str
    text: str
    trigger: Trigger
    tag: str
    adds: bool
    expires: Duration | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a timer starts: stage entry, or the ``last`` or ``first`` of some facts."""

    kind: Literal["stage_entry", "last", "first"]
    matcher: Matcher | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """``origins`` is ``None`` for every stage. ``after`` makes it a timer move."""

    id: str
    text: str
    origins: frozenset[str] | None
    to: str
    trigger: Trigger
    after: Duration | None = None
    anchor: Anchor = Anchor("stage_entry")

    @property
    def if_alone(self) -> bool:
        return self.after is None and self.trigger.when is None

    def leaves(self, stage: str) -> bool:
        return stage != self.to and (self.origins is None or stage in self.origins)


@dataclass(frozen=True, slots=True)
class OpportunityRule:
    id: str
    text: str
    kind: str
    title: Title
    trigger: Trigger
    rank: int | float = 0
    open_for: Duration | None = None
    closes: Trigger | None = None
    ageing: tuple[int | float, Duration] | None = None

    @property
    def if_alone(self) -> bool:
        return self.trigger.when is None


@dataclass(frozen=True, slots=True)
class ManualMove:
    """Which moves people may make; ``None`` stands for every stage."""

    origins: frozenset[str] | None
    targets: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a fact of one type may concern: the matchers that tally it, and the tag rules that may apply at it."""

    tallied: tuple[Matcher, ...]
    tags: tuple[TagRule, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """``tallied`` are the matchers whose facts count beyond the moment; ``by_type`` has ``None`` for any other type."""

    journey: str
    stages: tuple[Stage, ...]
    title: Title = field(default_factory=dict)
    timezone: str = "UTC"
    manual_tags: tuple[str, ...] | None = None
    manual: tuple[ManualMove, ...] | None = None
    enter: Trigger | None = None
    leave: Trigger | None = None
    tags: tuple[TagRule, ...] = ()
    moves: tuple[Move, ...] = ()
    opportunities: tuple[OpportunityRule, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    pin: bool = False
    tallied: tuple[Matcher, ...] = ()
    by_type: Mapping[str | None, Concerned] = field(default_factory=dict)

    def concerned(self, fact_type: str) -> Concerned:
        return self.by_type.get(fact_type) or self.by_type[None]

    def opportunity(self, rule: str | None) -> OpportunityRule | None:
        return next((found for found in self.opportunities if found.id == rule), None)

    @property
    def initial(self) -> str:
        return next(stage.id for stage in self.stages if stage.initial)

    @property
    def stage_ids(self) -> tuple[str, ...]:
        return tuple(stage.id for stage in self.stages)


def build(document: Document) -> Rulebook:
    """The rulebook of a document that fits the schema.

    Raises ``RulebookUnfit`` for what a schema cannot say: an id used twice, a move to a stage that does not exist.
    """
    faults = [*_repeated_ids(document), *_missing_targets(document)]
    if faults:
        raise RulebookUnfit(faults=faults)
    return _Builder().rulebook(document)


def _repeated_ids(document: Document) -> list[Fault]:
    faults = []
    for section in ("stages", "tags", "moves", "opportunities"):
        seen: set[str] = set()
        for index, entry in enumerate(document.get(section, ())):
            if entry["id"] in seen:
                faults.append(Fault(f"The id {entry['id']} is used twice.", f"/{section}/{index}/id"))
            seen.add(entry["id"])
    return faults


def _missing_targets(document: Document) -> list[Fault]:
    stages = {stage["id"] for stage in document["stages"]}
    return [
        Fault(f"There is no stage {move['to']}.", f"/moves/{index}/to")
        for index, move in enumerate(document.get("moves", ()))
        if move["to"] not in stages
    ]


class _Builder:
    """Collects the matchers that look back while it walks the document, so that a fold knows what to tally."""

    def __init__(self) -> None:
        self.looking_back: list[Matcher] = []

    def rulebook(self, document: Document) -> Rulebook:
        tags = tuple(self.tag_rule(rule) for rule in document.get("tags", ()))
        return Rulebook(
            journey=document["journey"],
            stages=tuple(_stage(stage) for stage in document["stages"]),
            title=_title(document),
            timezone=document.get("timezone", "UTC"),
            manual_tags=tuple(document["manual_tags"]) if "manual_tags" in document else None,
            manual=tuple(_manual(entry) for entry in document["manual"]) if "manual" in document else None,
            enter=self.trigger(document["enter"]) if "enter" in document else None,
            leave=self.trigger(document["leave"]) if "leave" in document else None,
            tags=tags,
            moves=tuple(self.move(rule) for rule in document.get("moves", ())),
            opportunities=tuple(self.opportunity(rule) for rule in document.get("opportunities", ())),
            renames=dict(document.get("renames", {})),
            pin=document.get("in_flight") == "pin",
            tallied=tuple(self.looking_back),
            by_type=_by_type(self.looking_back, tags),
        )

    def tag_rule(self, rule: Document) -> TagRule:
        return TagRule(
            id=rule["id"],
            text=_text(rule),
            trigger=self.trigger(rule),
            tag=rule["add"] if "add" in rule else rule["remove"],
            adds="add" in rule,
            expires=_length(rule, "expires"),
        )

    def move(self, rule: Document) -> Move:
        return Move(
            id=rule["id"],
            text=_text(rule),
            origins=_stages(rule.get("from", EVERY)),
            to=rule["to"],
            trigger=self.trigger(rule),
            after=_length(rule, "after"),
            anchor=self.anchor(rule.get("since", "stage_entry")),
        )

    def anchor(self, since: Any) -> Anchor:
        if since == "stage_entry":
            return Anchor("stage_entry")
        if "last" in since:
            return Anchor("last", self.tallied(since["last"], {}))
        return Anchor("first", self.tallied(since["first"], {}))

    def opportunity(self, rule: Document) -> OpportunityRule:
        ageing = rule.get("ageing")
        return OpportunityRule(
            id=rule["id"],
            text=_text(rule),
            kind=rule["kind"],
            title=_title(rule),
            trigger=self.trigger(rule),
            rank=rule.get("rank", 0),
            open_for=_length(rule, "open_for"),
            closes=self.trigger(rule["closes"]) if "closes" in rule else None,
            ageing=(ageing["add"], duration(ageing["per"])) if ageing else None,
        )

    def trigger(self, rule: Document) -> Trigger:
        return Trigger(
            when=self.when(rule["when"]) if "when" in rule else None,
            condition=self.condition(rule["if"]) if "if" in rule else None,
        )

    def when(self, when: Document) -> When:
        times = when.get("times", {})
        at_least = times.get("at_least", 1)
        types, where = when["fact"], when.get("where", {})
        if at_least == 1:
            return When(_matcher(types, where))
        return When(self.tallied(types, where, within=_length(times, "within")), at_least)

    def seen(self, types: Any, condition: Document) -> Matcher:
        """What a condition looks back at."""
        return self.tallied(types, condition.get("where", {}), condition.get("field"), _length(condition, "within"))

    def tallied(
        self, types: Any, where: Document, summed: str | None = None, within: Duration | None = None
    ) -> Matcher:
        matcher = _matcher(types, where)
        text = canonical([sorted(matcher.types or (EVERY,)), where, summed, within]).decode("utf-8")
        self.looking_back.append(replace(matcher, summed=summed, within=within, text=text))
        return self.looking_back[-1]

    def condition(self, condition: Document) -> Condition:
        operator = next(name for name in _OPERATORS if name in condition)
        operand = condition[operator]
        match operator:
            case "tag":
                return HasTag(_several(operand))
            case "stage":
                return InStage(_several(operand))
            case "in_stage_for":
                return InStageFor(duration(operand))
            case "attribute":
                return HasAttribute(operand, _attribute(condition))
            case "seen":
                return Counted(self.seen(operand, condition), 1, None)
            case "count":
                return Counted(
                    self.seen(operand, condition),
                    condition.get("at_least"),
                    condition.get("at_most"),
                )
            case "sum":
                return Summed(
                    self.seen(operand, condition), millionths(condition.get("gte")), millionths(condition.get("lte"))
                )
            case "all":
                return All(tuple(self.condition(member) for member in operand))
            case "any":
                return Any_(tuple(self.condition(member) for member in operand))
            case _:
                return Not(self.condition(operand))


_OPERATORS = ("tag", "stage", "in_stage_for", "attribute", "seen", "count", "sum", "all", "any", "not")


def _matcher(types: Any, where: Document) -> Matcher:
    named = _several(types)
    return Matcher(
        types=None if EVERY in named else frozenset(named),
        where=tuple(_field(name, wanted) for name, wanted in where.items()),
    )


def _by_type(tallied: Sequence[Matcher], tags: Sequence[TagRule]) -> dict[str | None, Concerned]:
    asked = [rule.trigger.when.matcher for rule in tags if rule.trigger.when is not None]
    named = {fact_type for matcher in (*tallied, *asked) for fact_type in matcher.types or ()}

    def meant(matcher: Matcher, fact_type: str | None) -> bool:
        return matcher.types is None or fact_type in matcher.types

    return {
        fact_type: Concerned(
            tuple(matcher for matcher in tallied if meant(matcher, fact_type)),
            tuple(rule for rule, matcher in zip(tags, asked, strict=True) if meant(matcher, fact_type)),
        )
        for fact_type in (*named, None)
    }


def _stage(stage: Document) -> Stage:
    return Stage(stage["id"], _title(stage), stage.get("initial", False), stage.get("final", False))


def _manual(entry: Document) -> ManualMove:
    return ManualMove(_stages(entry.get("from", EVERY)), _stages(entry["to"]))


def _title(entry: Document) -> Title:
    title = entry.get("title", {})
    return {"zh": title, "en": title} if isinstance(title, str) else dict(title)


def _stages(named: Any) -> frozenset[str] | None:
    stages = _several(named)
    return None if EVERY in stages else frozenset(stages)


def _several(named: Any) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named)


def _length(rule: Document, name: str) -> Duration | None:
    return duration(rule[name]) if name in rule else None


def _text(rule: Document) -> str:
    return canonical(rule).decode("utf-8")


def _field(name: str, wanted: Any) -> tuple[str, Predicate | Keyword]:
    if name == "keyword":
        return "text", Keyword(_several(wanted))
    if isinstance(wanted, Mapping):
        return name, _predicate(wanted)
    return name, Predicate(
        one_of=tuple(wanted) if isinstance(wanted, Sequence) and not isinstance(wanted, str) else (wanted,)
    )


def _predicate(operators: Document) -> Predicate:
    options = tuple(operators["in"]) if "in" in operators else None
    if "eq" in operators:
        # Both given: only what satisfies both is left.
        options = tuple(o for o in options if alike(o, operators["eq"])) if options is not None else (operators["eq"],)
    return Predicate(options, operators.get("gte"), operators.get("lte"), operators.get("exists"))


def _attribute(condition: Document) -> Predicate:
    operators = {name: condition[name] for name in ("in", "eq", "gte", "lte", "exists") if name in condition}
    return _predicate(operators or {"exists": True})
