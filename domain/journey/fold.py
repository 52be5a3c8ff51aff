"""The reference fold: facts + rulebooks + T -> standing and steps. Pure; design.md section 2 is its specification."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from domain.facts import Fact
from domain.instants import Duration, Instant, duration
from domain.journey import opportunities
from domain.journey.in_force import ALWAYS, Version, in_order, successor_stage
from domain.journey.situation import OnJourney
from domain.journey.steps import Cause, HeldTag, NextTimer, Standing, Step, StepKind, TimerKind
from domain.journey.timers import Timer, next_timer
from domain.refusals import NotADuration
from domain.rulebook.conditions import Matcher
from domain.rulebook.document import Move, Rulebook, TagRule


@dataclass(frozen=True, slots=True)
class Folded:
    """``comes`` is the instant the next version comes into force, if one is known.

    ``judged`` says from when on, and by which version, she was judged on the journey.
    """

    standing: Standing
    steps: tuple[Step, ...]
    comes: Instant | None = None
    judged: tuple[tuple[Instant, int], ...] = ()


def fold(facts: Iterable[Fact], versions: Sequence[Version], as_of: Instant) -> Folded:
    """Fold facts, in fold order and none after ``as_of``, under the versions of one journey, up to ``as_of``."""
    run = JourneyFold(versions)
    for fact in facts:
        run.take(fact)
    return run.up_to(as_of)


@dataclass(slots=True)
class _Run:
    """One fact or timer worked to completion; ``entered`` are the stages that no rule may enter again."""

    fact: Fact | None
    timer: TimerKind | None
    entered: set[str]


class JourneyFold:
    """A fold in progress. Facts are taken in fold order; virtual time never goes back.

    ``came`` counts the versions that came into force, ``passed`` those that had when ``judged_by`` was the newest.
    """

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = in_order(versions)
        self.customer = OnJourney(now=ALWAYS)
        self.steps: list[Step] = []
        self.judged: list[tuple[Instant, int]] = []
        self.judged_by: Version | None = None
        self.came = 0
        self.passed = 0
        self._tallied: dict[str, tuple[Matcher, ...]] = {}
        self._bring_into_force(ALWAYS)

    @property
    def settled_after(self) -> Instant:
        """The last instant at which anything happened: a fact, a timer, a version that came into force.

        A fact that occurred later may still be taken, however far ``up_to`` has looked ahead in between.
        """
        return self.customer.now

    @property
    def version(self) -> Version | None:
        """The version that judges her: on the journey the one she is on, else the one in force."""
        if self.customer.stage is not None:
            return self.judged_by
        return self._in_force

    # -- time ------------------------------------------------------------------------------------------------------

    def take(self, fact: Fact) -> None:
        """Let time pass up to a fact, then work the fact."""
        self._pass(fact.occurred_at, timers_of_the_end=False)
        self.customer.now = fact.occurred_at
        self._work(fact)

    def up_to(self, as_of: Instant) -> Folded:
        """Let time pass up to and including ``as_of`` and say where she stands then."""
        self._pass(as_of, timers_of_the_end=True)
        return Folded(self._standing(), tuple(self.steps), self._comes, tuple(self.judged))

    def _pass(self, end: Instant, timers_of_the_end: bool) -> None:
        while True:
            timer = next_timer(self.customer, self.judged_by)
            comes = self._comes
            if comes is not None and comes <= end and (timer is None or comes <= timer.at):
                self._bring_into_force(comes)
            elif timer is not None and (timer.at < end or (timers_of_the_end and timer.at == end)):
                self._fire(timer)
            else:
                return

    # -- versions --------------------------------------------------------------------------------------------------

    @property
    def _in_force(self) -> Version | None:
        """Also over those who are pinned to another."""
        return self.versions[self.came - 1] if self.came else None

    @property
    def _comes(self) -> Instant | None:
        """When the next version comes into force."""
        return self.versions[self.came].effective_from if self.came < len(self.versions) else None

    def _bring_into_force(self, at: Instant) -> None:
        """Let every version with this ``effective_from`` (or before) come into force; the last of them stays."""
        while (comes := self._comes) is not None and comes <= at:
            self.came += 1
        self.customer.now = at
        new = self._in_force
        if new is not None and self.customer.stage is not None and not new.rulebook.pin:
            self._change_version(new)

    def _change_version(self, new: Version) -> None:
        customer, old = self.customer, self.judged_by
        assert old is not None
        assert customer.stage is not None
        passed = self.versions[self.passed : self.came]
        self._judge_by(new)
        run = _Run(None, "rulebook", set())
        stage, lost = successor_stage(customer.stage, passed)
        if stage != customer.stage:
            self._place(run, "moved" if lost else "renamed", stage, rule=None)
        opportunities.carry_over(customer, old.rulebook, new.rulebook, partial(self._say, run))
        customer.to_be_judged = True

    def _judge_by(self, version: Version) -> None:
        self.judged_by = version
        self.passed = self.came
        self.judged.append((self.customer.now, version.number))

    # -- facts -----------------------------------------------------------------------------------------------------

    def _work(self, fact: Fact) -> None:
        customer = self.customer
        customer.fact = fact
        run = _Run(fact, None, set() if customer.stage is None else {customer.stage})
        self._tally(fact)
        match fact.type:
            case "profile.changed":
                customer.change_attributes(fact.data.get("attributes"))
            case "tag.added" | "tag.removed":
                self._apply_tag_by_hand(run, fact)
        if self.version is None:
            return
        self._enter_or_leave(run)
        if customer.stage is None:
            return
        set_by_hand = self._set_stage(run, fact)
        for rule in self._rulebook.concerned(fact.type).tags:
            if rule.trigger.holds(customer):
                self._apply_tag_rule(run, rule)
        if not set_by_hand:
            self._apply_stage_rules(run)
        opportunities.examine(customer, self._rulebook, fact, partial(self._say, run))

    def _tally(self, fact: Fact) -> None:
        matchers = self._tallied.get(fact.type)
        if matchers is None:
            matchers = self._tallied[fact.type] = self._concerned(fact.type)
        for matcher in matchers:
            if matcher.matches(fact):
                self.customer.tally(matcher).add(matcher, fact)

    def _concerned(self, fact_type: str) -> tuple[Matcher, ...]:
        """The matchers of all versions that may tally such facts, each text once."""
        concerned = [version.rulebook.concerned(fact_type).tallied for version in self.versions]
        return tuple({matcher.text: matcher for matchers in concerned for matcher in matchers}.values())

    def _apply_tag_by_hand(self, run: _Run, fact: Fact) -> None:
        tag = fact.data.get("tag")
        if not isinstance(tag, str) or not tag:
            return
        tags = self.customer.tags
        if fact.type == "tag.removed":
            self._remove_tag(run, tag, rule=None)
        elif tag in tags:
            tags[tag] = replace(tags[tag], by="hand", rule=None, expires=None)
        else:
            self._add_tag(run, tag, "hand", rule=None, expires=None)

    def _enter_or_leave(self, run: _Run) -> None:
        customer = self.customer
        assert self.version is not None
        rulebook = self.version.rulebook
        if customer.stage is None:
            if rulebook.enter is None or rulebook.enter.holds(customer):
                self._judge_by(self.version)
                self._place(run, "entered", rulebook.initial, rule="enter")
        elif rulebook.leave is not None and rulebook.leave.holds(customer):
            self._leave(run)

    def _leave(self, run: _Run) -> None:
        customer = self.customer
        self._step(run, "left", "leave", origin=customer.stage)
        for tag in sorted(tag for tag, held in customer.tags.items() if held.by == "rule"):
            self._remove_tag(run, tag, "leave")
        for opportunity in sorted(customer.open):
            opportunities.close(customer, opportunity, partial(self._say, run))
        customer.stage, customer.since, customer.hold_until, customer.to_be_judged = None, None, None, False
        customer.resting, customer.fired, customer.found = set(), {}, {}
        self.judged_by = None

    def _set_stage(self, run: _Run, fact: Fact) -> bool:
        """A manual move; returns whether it had effect here."""
        if fact.type != "stage.set" or fact.data.get("journey") != self._rulebook.journey:
            return False
        stage = self._known_stage(fact.data.get("stage"))
        held, hold = _hold(fact.data.get("hold"))
        if stage is None or not held:
            return False
        customer = self.customer
        if stage != customer.stage:
            self._place(run, "moved", stage, rule=None)
        customer.hold_until = None if hold is None else customer.now + hold
        assert self.judged_by is not None
        moves = self.judged_by.machine.moves_from(stage) if hold is None else ()
        customer.resting = {move.text for move in moves if move.if_alone and move.trigger.holds(customer)}
        return True

    def _known_stage(self, named: object) -> str | None:
        if not isinstance(named, str):
            return None
        if named not in self._rulebook.stage_ids:
            named = self._rulebook.renames.get(named, named)
        return named if named in self._rulebook.stage_ids else None

    def _apply_tag_rule(self, run: _Run, rule: TagRule) -> None:
        customer = self.customer
        if not rule.adds:
            self._remove_tag(run, rule.tag, rule.id)
            return
        expires = None if rule.expires is None else customer.now + rule.expires
        held = customer.tags.get(rule.tag)
        if held is None:
            self._add_tag(run, rule.tag, "rule", rule.id, expires)
        elif held.by == "rule" and held.expires is not None and (expires is None or expires > held.expires):
            customer.tags[rule.tag] = replace(held, rule=rule.id, expires=expires)

    # -- timers ----------------------------------------------------------------------------------------------------

    def _fire(self, timer: Timer) -> None:
        customer = self.customer
        assert customer.stage is not None
        customer.now, customer.fact = timer.at, None
        run = _Run(None, timer.kind, {customer.stage})
        match timer.kind:
            case "open_for":
                assert timer.rule is not None
                opportunities.close(customer, timer.rule, partial(self._say, run))
                return
            case "rulebook":
                customer.to_be_judged = False
            case "expiry":
                expired = [tag for tag, held in customer.tags.items() if held.expires == timer.at]
                for tag in sorted(expired):
                    self._remove_tag(run, tag, customer.tags[tag].rule)
            case "hold":
                customer.hold_until = None
            case "after":
                self._fire_move(run, timer)
        self._apply_stage_rules(run)
        opportunities.examine(customer, self._rulebook, None, partial(self._say, run))

    def _fire_move(self, run: _Run, timer: Timer) -> None:
        move = timer.move
        assert move is not None
        self.customer.fired[move.text] = timer.anchor
        if move.trigger.holds(self.customer):
            self._follow(run, move)

    # -- rules -----------------------------------------------------------------------------------------------------

    def _apply_stage_rules(self, run: _Run) -> None:
        if not self.customer.held:
            while self._apply_first_move(run):
                pass

    def _apply_first_move(self, run: _Run) -> bool:
        customer = self.customer
        assert self.judged_by is not None
        assert customer.stage is not None
        for move in self.judged_by.machine.moves_from(customer.stage):
            if move.text in customer.resting:
                if not move.trigger.holds(customer):
                    customer.resting.discard(move.text)
            elif move.to not in run.entered and move.trigger.holds(customer):
                self._follow(run, move)
                return True
        return False

    # -- changes, each with its step -------------------------------------------------------------------------------

    def _follow(self, run: _Run, move: Move) -> None:
        assert self.judged_by is not None
        origin = self.customer.stage
        self.judged_by.machine.move(self.customer, move)
        self._arrive(run, "moved", origin, move.id)

    def _place(self, run: _Run, kind: StepKind, stage: str, rule: str | None) -> None:
        assert self.judged_by is not None
        origin = self.customer.stage
        self.judged_by.machine.place(self.customer, stage)
        self._arrive(run, kind, origin, rule)

    def _arrive(self, run: _Run, kind: StepKind, origin: str | None, rule: str | None) -> None:
        customer = self.customer
        assert customer.stage is not None
        if kind != "renamed":
            customer.since, customer.resting = customer.now, set()
        run.entered.add(customer.stage)
        self._step(run, kind, rule, origin=origin, target=customer.stage)

    def _add_tag(
        self, run: _Run, tag: str, by: Literal["hand", "rule"], rule: str | None, expires: Instant | None
    ) -> None:
        cause = self._step(run, "tag_added", rule, tag=tag).cause
        self.customer.tags[tag] = HeldTag(self.customer.now, by, cause, rule, expires)

    def _remove_tag(self, run: _Run, tag: str, rule: str | None) -> None:
        if self.customer.tags.pop(tag, None) is not None:
            self._step(run, "tag_removed", rule, tag=tag)

    def _say(self, run: _Run, kind: Literal["opened", "closed"], opportunity: str) -> None:
        self._step(run, kind, opportunity, opportunity=opportunity)

    def _step(
        self,
        run: _Run,
        kind: StepKind,
        rule: str | None,
        origin: str | None = None,
        target: str | None = None,
        tag: str | None = None,
        opportunity: str | None = None,
    ) -> Step:
        version = self.version
        cause = Cause(run.fact, run.timer, rule, version.number if version is not None else None)
        step = Step(self.customer.now, kind, cause, origin, target, tag, opportunity)
        self.steps.append(step)
        return step

    # -- answers ---------------------------------------------------------------------------------------------------

    @property
    def _rulebook(self) -> Rulebook:
        assert self.judged_by is not None
        return self.judged_by.rulebook

    def _standing(self) -> Standing:
        customer = self.customer
        return Standing(
            stage=customer.stage,
            since=customer.since,
            tags=dict(customer.tags),
            open=dict(customer.open),
            rulebook=self.version.number if self.version is not None else None,
            next_timer=self._next_to_fire(),
        )

    def _next_to_fire(self) -> NextTimer | None:
        timer = next_timer(self.customer, self.judged_by)
        coming = self._next_to_judge()
        if coming is not None and (timer is None or coming.effective_from <= timer.at):
            return NextTimer(coming.effective_from, "rulebook", None)
        return NextTimer(timer.at, timer.kind, timer.rule) if timer is not None else None

    def _next_to_judge(self) -> Version | None:
        """Who is on the journey passes over versions that pin; of several at one instant the last is in force."""
        if self.customer.stage is None:
            return None
        last_of_instant = {version.effective_from: version for version in self.versions[self.came :]}
        return next((version for version in last_of_instant.values() if not version.rulebook.pin), None)


def _hold(value: object) -> tuple[bool, Duration | None]:
    """Whether a ``hold`` can be read, and how long it is; absent means none."""
    if value is None:
        return True, None
    if not isinstance(value, str):
        return False, None
    try:
        return True, duration(value)
    except NotADuration:
        return False, None
