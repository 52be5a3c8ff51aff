"""What the compiled fold found of one customer, in the domain's own words."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from batch_fold.folds import KINDS, NEVER, NONE, TIMERS, Folds
from domain.facts import Fact
from domain.instants import Instant
from domain.journey.fold import Folded
from domain.journey.steps import Cause, HeldTag, NextTimer, OpenOpportunity, Standing, Step


def folded(folds: Folds, customer: int, facts: Sequence[Fact], comes: Instant | None = None) -> Folded:
    """What the reference fold says of her. ``facts`` are those of the whole batch, by row."""
    names = folds.names
    steps = tuple(_step(names, facts, *row) for row in _rows(folds.steps, customer))
    next_at, next_timer = int(folds.next_at[customer]), folds.next_timer[customer]
    standing = Standing(
        stage=_name(names, folds.stage[customer]),
        since=_or_none(int(folds.since[customer]), NEVER),
        tags=_tags(folds, customer, steps),
        open={names[rule]: _card(names, *row) for rule, *row in _rows(folds.open, customer)},
        rulebook=_or_none(int(folds.rulebook[customer]), NONE),
        next_timer=None
        if next_timer == NONE
        else NextTimer(next_at, TIMERS[next_timer], _name(names, folds.next_rule[customer])),
    )
    return Folded(standing, steps, comes, tuple((at, number) for at, number in _rows(folds.judged, customer)))


def _rows(table: Any, customer: int) -> Iterator[tuple[Any, ...]]:
    """Her rows of a table whose first field is ``starts``; the others in their order."""
    begin, end = table.starts[customer], table.starts[customer + 1]
    _, *columns = fields(table)
    return zip(*(getattr(table, column.name)[begin:end].tolist() for column in columns), strict=True)


def _step(
    names: Sequence[str],
    facts: Sequence[Fact],
    at: int,
    kind: int,
    fact: int,
    timer: int,
    rule: int,
    version: int,
    origin: int,
    target: int,
    name: int,
) -> Step:
    what, named = KINDS[kind], _name(names, name)
    cause = Cause(
        fact=None if fact == NONE else facts[fact],
        timer=None if timer == NONE else TIMERS[timer],
        rule=_name(names, rule),
        rulebook=_or_none(version, NONE),
    )
    return Step(
        at=at,
        kind=what,
        cause=cause,
        origin=_name(names, origin),
        target=_name(names, target),
        tag=named if what in ("tag_added", "tag_removed") else None,
        opportunity=named if what in ("opened", "closed") else None,
    )


def _tags(folds: Folds, customer: int, steps: Sequence[Step]) -> dict[str, HeldTag]:
    first, names = int(folds.steps.starts[customer]), folds.names
    return {
        names[tag]: HeldTag(
            since,
            "rule" if by_rule else "hand",
            steps[step - first].cause,
            _name(names, rule),
            _or_none(expires, NEVER),
        )
        for tag, since, by_rule, step, rule, expires in _rows(folds.tags, customer)
    }


def _card(names: Sequence[str], kind: int, since: int, until: int) -> OpenOpportunity:
    return OpenOpportunity(names[kind], since, _or_none(until, NEVER))


def _name(names: Sequence[str], place: int) -> str | None:
    return None if place == NONE else names[place]


def _or_none(number: int, none: int) -> int | None:
    return None if number == none else number
