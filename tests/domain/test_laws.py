"""Laws of the fold, over generated rulebooks and histories (``generate``), and against a second fold (``naive``).

TRAILBOOK_LONG=1 tries twenty times as many.
"""

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order, known_by, once_each
from domain.instants import DAY, Instant
from domain.journey.fold import Folded, JourneyFold, fold
from domain.journey.in_force import ALWAYS, Version, known, version
from domain.journey.steps import Step
from domain.rulebook.document import build
from tests.domain.generate import GRID, PLACES, Case, at, cases
from tests.domain.naive import Published, naive_fold

FACTOR = 20 if os.environ.get("TRAILBOOK_LONG") == "1" else 1
FAR = at(PLACES) + 1000 * DAY

places = st.integers(0, PLACES + 10).map(at)


def times(examples: int) -> settings:
    return settings(max_examples=examples * FACTOR, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def versions(published: tuple[Published, ...]) -> list[Version]:
    return [
        version(
            build(one.document),
            one.number,
            ALWAYS if one.effective_from is None else one.effective_from,
            ALWAYS if one.published_at is None else one.published_at,
        )
        for one in published
    ]


def folded(case: Case, as_of: Instant | None = None) -> Folded:
    end = case.as_of if as_of is None else as_of
    return fold(in_fold_order(once_each(case.facts), end), versions(case.published), end)


def written(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [{**step.as_json(), "at": step.at} for step in steps]


@given(cases())
@times(200)
def test_the_naive_fold_yields_the_same_steps_and_the_same_standing(case: Case) -> None:
    naive = naive_fold(case.facts, case.published, case.as_of)
    result = folded(case)
    standing = result.standing

    assert written(result.steps) == naive.steps
    assert (standing.stage, standing.since, standing.rulebook) == (naive.stage, naive.since, naive.rulebook)
    assert {name: (tag.since, tag.by, tag.rule, tag.expires) for name, tag in standing.tags.items()} == naive.tags
    assert {rule: (card.kind, card.since, card.until) for rule, card in standing.open.items()} == naive.open


@given(cases(), st.data())
@times(60)
def test_any_permutation_and_repetition_of_deliveries_gives_the_same_steps(case: Case, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(case.facts), max_size=5)) if case.facts else []
    shuffled = data.draw(st.permutations([*case.facts, *again]))

    assert folded(replace(case, facts=tuple(shuffled))) == folded(case)


@given(cases())
@times(40)
def test_folding_twice_gives_the_same_and_changes_nothing_that_went_in(case: Case) -> None:
    rules, facts = versions(case.published), in_fold_order(case.facts, case.as_of)
    before = [fact.event() for fact in facts]

    assert fold(facts, rules, case.as_of) == fold(facts, rules, case.as_of)
    assert [fact.event() for fact in facts] == before


@given(cases(), st.data())
@times(60)
def test_known_at_is_the_fold_of_what_was_delivered_by_then(case: Case, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(case.facts), max_size=5)) if case.facts else []
    later = [
        replace(fact, recorded_at=(fact.recorded_at or 0) + GRID * data.draw(st.integers(-3, 3))) for fact in again
    ]
    deliveries = [*case.facts, *later]
    known_at = data.draw(places)

    def steps_of(facts: list[Fact]) -> list[dict[str, Any]]:
        judging = known(versions(case.published), known_at)
        return written(fold(in_fold_order(facts, case.as_of), judging, case.as_of).steps)

    delivered = [fact for fact in deliveries if fact.recorded_at is not None and fact.recorded_at <= known_at]
    assert steps_of(known_by(once_each(deliveries), known_at)) == steps_of(once_each(delivered))


@given(cases(), places)
@times(80)
def test_nothing_that_happens_later_changes_an_earlier_step(case: Case, as_of: Instant) -> None:
    whole = folded(case, FAR)
    assert folded(case, as_of).steps == tuple(step for step in whole.steps if step.at <= as_of)


@given(cases(), places)
@times(80)
def test_a_fold_that_was_asked_on_the_way_goes_on_as_if_it_had_not_been(case: Case, as_of: Instant) -> None:
    facts = in_fold_order(case.facts, FAR)
    on_the_way = JourneyFold(versions(case.published))
    for fact in facts:
        if fact.occurred_at <= as_of:
            on_the_way.take(fact)
    assert on_the_way.up_to(as_of) == folded(case, as_of)
    for fact in facts:
        if fact.occurred_at > as_of:
            on_the_way.take(fact)
    assert on_the_way.up_to(FAR) == folded(case, FAR)


@given(cases())
@times(80)
def test_the_steps_alone_say_where_she_stands(case: Case) -> None:
    result = folded(case)
    stage, tags, cards = None, set(), set()
    for step in result.steps:
        assert step.origin in (None, stage)
        match step.kind:
            case "entered" | "moved" | "renamed" | "left":
                stage = step.target
            case "tag_added":
                assert step.tag not in tags
                tags.add(step.tag)
            case "tag_removed":
                tags.remove(step.tag)
            case "opened":
                assert step.opportunity not in cards
                cards.add(step.opportunity)
            case "closed":
                cards.remove(step.opportunity)

    standing = result.standing
    assert (stage, tags, cards) == (standing.stage, set(standing.tags), set(standing.open))


@given(cases())
@times(80)
def test_steps_come_in_order_of_time_and_each_has_one_cause(case: Case) -> None:
    steps = folded(case).steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    for step in steps:
        assert (step.cause.fact is None) != (step.cause.timer is None)
        assert step.cause.fact is None or step.cause.fact.occurred_at == step.at


@given(cases())
@times(80)
def test_nothing_happens_before_the_next_timer(case: Case) -> None:
    result = folded(case)
    heard = replace(case, facts=tuple(in_fold_order(case.facts, case.as_of)))
    timer = result.standing.next_timer
    quiet_until = FAR if timer is None else timer.at - 1

    assert timer is None or timer.at > case.as_of
    assert folded(heard, quiet_until).steps == result.steps


@given(cases())
@times(60)
def test_no_stage_is_entered_twice_in_a_run(case: Case) -> None:
    entered: dict[tuple[Any, ...], list[str | None]] = {}
    for step in folded(case).steps:
        if step.cause.fact is not None and step.kind in ("entered", "moved"):
            entered.setdefault(step.cause.fact.key, [step.origin]).append(step.target)
    for stages in entered.values():
        assert len(stages) == len(set(stages))
