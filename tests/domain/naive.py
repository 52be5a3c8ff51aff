"""A second fold, written from the design alone: slow and plain, it reads the whole history again at every question.

It works on documents as written, not on the model of a rulebook, and shares no line with the fold it checks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.facts import Fact
from tests.domain.naive_conditions import (
    Document,
    Situation,
    initial,
    is_if_alone,
    is_length,
    is_of,
    length,
    several,
    stages,
    text,
)


class Published(NamedTuple):
    """A version as it was published; ``effective_from`` is ``None`` for "since always"."""

    number: int
    document: Document
    effective_from: int | None = None
    published_at: int | None = None


class NaiveTag(NamedTuple):
    since: int
    by: str
    rule: str | None = None
    expires: int | None = None


class NaiveCard(NamedTuple):
    kind: str
    since: int
    until: int | None


@dataclass
class Outcome:
    """The steps in the form of the contract, with ``at`` in microseconds, and the standing after them."""

    steps: list[dict[str, Any]]
    stage: str | None
    since: int | None
    tags: dict[str, NaiveTag]
    open: dict[str, NaiveCard]
    rulebook: int | None


def naive_fold(facts: Iterable[Fact], published: Sequence[Published], as_of: int) -> Outcome:
    """Design section 2 for one customer and one journey; ``facts`` in any order, the voids among them."""
    customer = _Customer(published)
    for fact in _history(list(facts), as_of):
        customer.live_until(fact.occurred_at)
        customer.come_into_force_at(fact.occurred_at)
        customer.meet(fact)
    customer.live_until(as_of + 1)
    version = customer.version
    return Outcome(
        customer.steps,
        customer.stage,
        customer.since,
        customer.tags,
        customer.open,
        version.number if version is not None else None,
    )


def _history(known: list[Fact], as_of: int) -> list[Fact]:
    gone = set()
    for void in known:
        for fact in known:
            target = (void.data.get("source"), void.data.get("id"))
            if void.type == "fact.voided" and fact.type != "fact.voided" and target == (fact.source, fact.id):
                gone |= {(void.source, void.id), target}
    happened = [fact for fact in known if fact.occurred_at <= as_of and (fact.source, fact.id) not in gone]
    return sorted(happened, key=lambda fact: (fact.occurred_at, fact.source, fact.sequence, fact.id))


@dataclass
class _Run:
    """A fact or a timer being worked to completion; ``entered`` holds the stage it began in, too."""

    fact: Fact | None
    timer: str | None
    entered: set[str] = field(default_factory=set)


class _Customer(Situation):
    def __init__(self, published: Sequence[Published]) -> None:
        always = [p for p in published if p.effective_from is None]
        later = [p for p in published if p.effective_from is not None]
        self.version = max(always, key=lambda p: p.number) if always else None
        self.in_force = self.version
        self.to_come: list[tuple[int, list[Published]]] = [
            (instant, sorted((p for p in later if p.effective_from == instant), key=lambda p: p.number))
            for instant in sorted({p.effective_from for p in later if p.effective_from is not None})
        ]
        self.passed_over: list[Published] = []
        self.owed_run: int | None = None

        self.seen: list[Fact] = []
        self.clock = -(10**18)
        self.steps: list[dict[str, Any]] = []
        self.stage: str | None = None
        self.since: int | None = None
        self.tags: dict[str, NaiveTag] = {}
        self.hold_until: int | None = None
        self.resting: set[str] = set()
        self.fired: set[tuple[str, int]] = set()
        self.open: dict[str, NaiveCard] = {}
        self.verdicts: dict[str, bool] = {}

    @property
    def rules(self) -> Document:
        assert self.version is not None
        return self.version.document

    # Time ---------------------------------------------------------------------------------------------------------

    def live_until(self, end: int) -> None:
        """Everything due before ``end`` happens, in order of due time."""
        while timers := [timer for timer in self.timers() if timer[0] < end]:
            self.fire(*min(timers))

    def come_into_force_at(self, instant: int) -> None:
        """Before the facts of an instant, the version that comes into force then."""
        if self.to_come and self.to_come[0][0] == instant:
            self.come_into_force(*self.to_come.pop(0))

    def timers(self) -> Iterator[tuple[int, int, int, str]]:
        """(due, kind in the order of one instant, order within the kind, kind's word or rule id)"""
        if self.to_come:
            yield self.to_come[0][0], -1, 0, "comes"
        if self.owed_run is not None:
            yield self.owed_run, 0, 0, "rulebook"
        if self.stage is None:
            return
        for tag in self.tags.values():
            if tag.expires is not None:
                yield tag.expires, 1, 0, "expiry"
        if self.hold_until is not None:
            yield self.hold_until, 2, 0, "hold"
        for index, move in enumerate(self.rules.get("moves", [])):
            anchor = self.anchor(move)
            if anchor is not None and self.leads_away(move) and (text(move), anchor) not in self.fired:
                due = anchor + length(move["after"])
                held_until = due if self.hold_until is None else self.hold_until
                yield max(due, held_until, self.clock), 3, index, move["id"]
        for index, rule in enumerate(self.rules.get("opportunities", [])):
            card = self.open.get(rule["id"])
            if card is not None and card.until is not None:
                yield card.until, 4, index, rule["id"]

    def anchor(self, move: Document) -> int | None:
        if "after" not in move:
            return None
        since = move.get("since", "stage_entry")
        assert self.since is not None
        if since == "stage_entry":
            return self.since
        [(which, types)] = since.items()
        instants = [fact.occurred_at for fact in self.seen if is_of(fact, types)]
        if which == "first":
            return instants[0] if instants else None
        return max([self.since, *instants])

    def fire(self, due: int, kind: int, index: int, word: str) -> None:
        self.clock = due
        if word == "comes":
            self.come_into_force(*self.to_come.pop(0))
            return
        if word == "rulebook":
            self.owed_run = None
            run = self.begin(None, "rulebook")
        elif kind == 1:
            run = self.begin(None, "expiry")
            for name in sorted(self.tags):
                if self.tags[name].expires == due:
                    self.step(run, "tag_removed", self.tags[name].rule, tag=name)
                    del self.tags[name]
        elif kind == 2:
            run = self.begin(None, "hold")
            self.hold_until = None
        elif kind == 3:
            run = self.begin(None, "after")
            self.fire_move(run, self.rules["moves"][index])
        else:
            self.close(self.begin(None, "open_for"), word)
            return
        self.judge(run)

    def fire_move(self, run: _Run, move: Document) -> None:
        anchor = self.anchor(move)
        assert anchor is not None
        self.fired.add((text(move), anchor))
        if self.holds(move.get("if")):
            self.move(run, move["to"], move["id"])

    def come_into_force(self, at: int, versions: list[Published]) -> None:
        """Of several at one instant the highest is in force; the others are passed over at once."""
        self.clock = at
        *_, self.in_force = versions
        if self.stage is None:
            self.version = self.in_force
            return
        self.passed_over += versions
        if self.in_force.document.get("in_flight") == "pin":
            return
        old, self.version = self.rules, self.in_force
        run = self.begin(None, "rulebook")
        self.find_stage_again(run, self.passed_over)
        self.passed_over = []
        new_ids = {rule["id"] for rule in self.rules.get("opportunities", [])}
        for rule in old.get("opportunities", []):
            if rule["id"] not in new_ids and rule["id"] in self.open:
                self.close(run, rule["id"])
        self.owed_run = at

    def find_stage_again(self, run: _Run, passed: Sequence[Published]) -> None:
        stage = self.stage
        assert stage is not None
        for version in passed:
            if stage not in stages(version.document):
                stage = version.document.get("renames", {}).get(stage, stage)
        if stage not in stages(self.rules):
            if initial(self.rules) != self.stage:
                self.move(run, initial(self.rules), None)
        elif stage != self.stage:
            self.step(run, "renamed", None, origin=self.stage, target=stage)
            self.stage = stage

    # Facts --------------------------------------------------------------------------------------------------------

    def meet(self, fact: Fact) -> None:
        self.clock = fact.occurred_at
        self.seen.append(fact)
        run = self.begin(fact, None)
        self.tag_by_hand(run, fact)
        if self.version is not None:
            self.enter_or_leave(run)
        if self.stage is None:
            return
        moved_by_hand = self.set_by_hand(run, fact)
        for rule in self.rules.get("tags", []):
            self.apply_tag_rule(run, rule)
        self.judge(run, stage_rules=not moved_by_hand)

    def tag_by_hand(self, run: _Run, fact: Fact) -> None:
        name = fact.data.get("tag")
        if not isinstance(name, str):
            return
        held = self.tags.get(name)
        if fact.type == "tag.added":
            self.tags[name] = NaiveTag(held.since if held else self.clock, "hand")
            if held is None:
                self.step(run, "tag_added", None, tag=name)
        elif fact.type == "tag.removed" and held:
            del self.tags[name]
            self.step(run, "tag_removed", None, tag=name)

    def enter_or_leave(self, run: _Run) -> None:
        if self.stage is None:
            if "enter" not in self.rules or self.triggered(self.rules["enter"], run.fact):
                self.stage, self.since = initial(self.rules), self.clock
                run.entered.add(self.stage)
                self.step(run, "entered", "enter", target=self.stage)
        elif "leave" in self.rules and self.triggered(self.rules["leave"], run.fact):
            self.step(run, "left", "leave", origin=self.stage)
            for name in sorted(self.tags):
                if self.tags[name].by == "rule":
                    self.step(run, "tag_removed", "leave", tag=name)
                    del self.tags[name]
            for rule in sorted(self.open):
                self.close(run, rule)
            self.stage = self.since = self.hold_until = self.owed_run = None
            self.resting, self.fired, self.verdicts, self.passed_over = set(), set(), {}, []
            self.version = self.in_force

    def set_by_hand(self, run: _Run, fact: Fact) -> bool:
        stage, hold = fact.data.get("stage"), fact.data.get("hold")
        if fact.type != "stage.set" or fact.data.get("journey") != self.rules["journey"] or not isinstance(stage, str):
            return False
        if stage not in stages(self.rules):
            stage = self.rules.get("renames", {}).get(stage)
        if stage not in stages(self.rules):
            return False
        if hold is not None and not (isinstance(hold, str) and is_length(hold)):
            return False
        if stage != self.stage:
            self.move(run, stage, None)
        self.resting = set()
        self.hold_until = None
        if hold is not None:
            self.hold_until = self.clock + length(hold)
        else:
            for move in self.rules.get("moves", []):
                if is_if_alone(move) and self.leads_away(move) and self.holds(move["if"]):
                    self.resting.add(text(move))
        return True

    def apply_tag_rule(self, run: _Run, rule: Document) -> None:
        if not self.triggered(rule, run.fact):
            return
        name = rule["add"] if "add" in rule else rule["remove"]
        held = self.tags.get(name)
        if "remove" in rule:
            if held is not None:
                del self.tags[name]
                self.step(run, "tag_removed", rule["id"], tag=name)
            return
        expires = self.clock + length(rule["expires"]) if "expires" in rule else None
        if held is None:
            self.tags[name] = NaiveTag(self.clock, "rule", rule["id"], expires)
            self.step(run, "tag_added", rule["id"], tag=name)
        elif held.by == "rule" and held.expires is not None and (expires is None or expires > held.expires):
            self.tags[name] = NaiveTag(held.since, "rule", rule["id"], expires)

    # Stage rules and opportunities --------------------------------------------------------------------------------

    def begin(self, fact: Fact | None, timer: str | None) -> _Run:
        return _Run(fact, timer, {self.stage} if self.stage is not None else set())

    def judge(self, run: _Run, stage_rules: bool = True) -> None:
        held = self.hold_until is not None and self.clock < self.hold_until
        if stage_rules and not held:
            for move in self.rules.get("moves", []):
                if text(move) in self.resting and not self.holds(move["if"]):
                    self.resting.discard(text(move))
            while self.apply_first_move(run):
                pass
        cards = self.rules.get("opportunities", [])
        for rule in cards:
            if rule["id"] in self.open and self.closes(run, rule):
                self.close(run, rule["id"])
        for rule in cards:
            self.look_for_opening(run, rule)

    def apply_first_move(self, run: _Run) -> bool:
        for move in self.rules.get("moves", []):
            if (
                "after" not in move
                and self.leads_away(move)
                and move["to"] not in run.entered
                and text(move) not in self.resting
                and self.triggered(move, run.fact)
            ):
                self.move(run, move["to"], move["id"])
                return True
        return False

    def leads_away(self, move: Document) -> bool:
        origins = several(move.get("from", "*"))
        return move["to"] != self.stage and ("*" in origins or self.stage in origins)

    def move(self, run: _Run, stage: str, rule: str | None) -> None:
        self.step(run, "moved", rule, origin=self.stage, target=stage)
        self.stage, self.since = stage, self.clock
        self.resting = set()
        run.entered.add(stage)

    def closes(self, run: _Run, rule: Document) -> bool:
        fact = run.fact
        worked = (
            fact is not None
            and fact.type in ("opportunity.done", "opportunity.skipped")
            and fact.data.get("journey") == self.rules["journey"]
            and fact.data.get("rule") == rule["id"]
        )
        return worked or ("closes" in rule and self.triggered(rule["closes"], fact))

    def look_for_opening(self, run: _Run, rule: Document) -> None:
        name = rule["id"]
        until = self.clock + length(rule["open_for"]) if "open_for" in rule else None
        holds = self.triggered(rule, run.fact)
        found_before = "when" not in rule and self.verdicts.get(text(rule), False)
        if "when" not in rule:
            self.verdicts[text(rule)] = holds
            if not holds and name in self.open:
                self.close(run, name)
        if not holds or found_before:
            return
        if name not in self.open:
            self.open[name] = NaiveCard(rule["kind"], self.clock, until)
            self.step(run, "opened", name, opportunity=name)
        elif "when" in rule:
            self.open[name] = self.open[name]._replace(until=until)

    def close(self, run: _Run, name: str) -> None:
        del self.open[name]
        self.step(run, "closed", name, opportunity=name)

    def step(self, run: _Run, kind: str, rule: str | None, **named: str | None) -> None:
        words = {"from": named.get("origin"), "to": named.get("target"), **named}
        self.steps.append(
            {
                "at": self.clock,
                "kind": kind,
                **{word: words[word] for word in ("from", "to", "tag", "opportunity") if words.get(word) is not None},
                "cause": {
                    "fact": {"source": run.fact.source, "id": run.fact.id, "type": run.fact.type} if run.fact else None,
                    "timer": run.timer,
                    "rule": rule,
                    "rulebook": self.version.number if self.version is not None else None,
                },
            }
        )
