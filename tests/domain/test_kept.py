"""Kept folds: what goes on from plain data is the fold of everything, under any rules, cuts, questions and keeping."""

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given as for_any
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order, once_each
from domain.instants import Instant
from domain.journey.fold import Folded, JourneyFold, fold
from domain.journey.in_force import Version
from domain.journey.kept import kept_state, resumed
from domain.journey.steps import Cause
from tests.domain.generate import PLACES, Case, at, cases
from tests.domain.given import Story, card, day, given, if_, move, on, profile, rules, tag, tagged, x, y
from tests.domain.test_laws import FAR, places, times, versions

PACKED = msgspec.msgpack.Encoder()


def kept_and_resumed(run: JourneyFold, judging: list[Version], steps: bool = True) -> JourneyFold:
    packed = PACKED.encode(kept_state(run, steps))
    again = resumed(msgspec.msgpack.decode(packed), judging)
    assert again is not None
    assert PACKED.encode(kept_state(again, steps)) == packed
    return again


def reduced(fact: Fact) -> Fact:
    """What is left of a fact in a cause."""
    return Fact(fact.source, fact.id, fact.type, "", fact.occurred_at, position=fact.position)


def plain(folded: Folded) -> Any:
    """An answer, with what is left of facts everywhere."""

    def of(cause: Cause) -> Cause:
        return cause if cause.fact is None else replace(cause, fact=reduced(cause.fact))

    standing = folded.standing
    tags = {name: replace(held, cause=of(held.cause)) for name, held in standing.tags.items()}
    steps = tuple(replace(step, cause=of(step.cause)) for step in folded.steps)
    return replace(folded, standing=replace(standing, tags=tags), steps=steps)


@for_any(cases(), st.data())
@times(60)
def test_a_fold_kept_and_asked_on_the_way_goes_on_as_if_it_had_not_been(case: Case, data: st.DataObject) -> None:
    judging, facts = versions(case.published), in_fold_order(once_each(case.facts), FAR)
    run = JourneyFold(judging)
    for taken, fact in enumerate(facts):
        if data.draw(st.booleans()):
            run = kept_and_resumed(run, judging)
        if data.draw(st.booleans()):
            # Asked about any instant, also far behind the facts to come.
            ahead = kept_and_resumed(run, judging)
            as_of = max(ahead.settled_after, at(data.draw(st.integers(0, PLACES + 5))))
            assert plain(ahead.up_to(as_of)) == plain(fold(facts[:taken], judging, as_of))
            run = ahead if fact.occurred_at > ahead.settled_after else run
        run.take(fact)
    as_of = max(run.settled_after, case.as_of)
    assert plain(kept_and_resumed(run, judging).up_to(as_of)) == plain(fold(facts, judging, as_of))
    assert plain(run.up_to(FAR)) == plain(fold(facts, judging, FAR))


@for_any(cases(), places)
@times(30)
def test_what_is_settled_is_not_changed_by_looking_ahead(case: Case, as_of: Instant) -> None:
    judging, facts = versions(case.published), in_fold_order(once_each(case.facts), as_of)
    run = JourneyFold(judging)
    for fact in facts:
        run.take(fact)
    made = run.up_to(as_of).steps
    before = PACKED.encode(kept_state(run, steps=True))
    timer = run.up_to(as_of).standing.next_timer
    comes = run.up_to(as_of).comes
    quiet_until = min([FAR, *(at - 1 for at in (timer.at if timer else None, comes) if at is not None)])

    assert run.up_to(quiet_until).steps == made
    assert PACKED.encode(kept_state(run, steps=True)) == before
    assert all(step.at <= run.settled_after for step in made)
    assert run.settled_after <= as_of


@for_any(cases(), places)
@times(30)
def test_without_its_steps_a_kept_fold_makes_those_that_follow(case: Case, cut: Instant) -> None:
    judging, facts = versions(case.published), in_fold_order(once_each(case.facts), FAR)
    run = JourneyFold(judging)
    for fact in facts:
        if fact.occurred_at <= cut:
            run.take(fact)
    run.up_to(cut)
    made = len(run.steps)
    again = kept_and_resumed(run, judging, steps=False)
    for fact in facts:
        if fact.occurred_at > cut:
            again.take(fact)

    whole, rest = plain(fold(facts, judging, FAR)), plain(again.up_to(FAR))
    assert rest == replace(whole, steps=whole.steps[made:])


def told(story: Story) -> JourneyFold:
    """The fold of a story, after its last fact."""
    run = JourneyFold(story.versions)
    for fact in story.known_facts:
        run.take(fact)
    return run


def test_under_other_versions_or_in_another_form_nothing_is_resumed() -> None:
    story = given(rules()).facts(x(1))
    state = kept_state(told(story), steps=True)

    assert resumed(state, story.versions) is not None
    assert resumed(state, story.then_from(9, rules()).versions) is None
    assert resumed(state, [replace(story.versions[0], effective_from=1)]) is None
    assert resumed(state, []) is None
    assert resumed({**state, "form": 0}, story.versions) is None


def test_what_was_kept_does_not_change_as_the_fold_goes_on() -> None:
    document = rules(
        move("A->B", if_(seen="x"), after="1d"),
        move("B->C", if_(tag="late")),
        tags=[tag("hot", on("x"))],
        opportunities=[card("card", if_(stage="B"), open_for="9d")],
    )
    run = told(given(document).facts(x(1), profile(1, plan="a")))
    state = kept_state(run, steps=True)
    before = PACKED.encode(state)
    for fact in given(document).facts(profile(3, plan="b"), tagged(3, "other"), x(4)).known_facts:
        run.take(fact)
    run.up_to(FAR)

    assert PACKED.encode(state) == before


def test_two_folds_resumed_from_one_state_do_not_meet() -> None:
    story = given(rules(move("A->B", if_(attribute="plan", eq="b")))).facts(x(1), profile(1, plan="a"))
    state = kept_state(told(story), steps=True)
    one, other = resumed(state, story.versions), resumed(state, story.versions)
    assert one is not None
    assert other is not None
    one.take(profile(2, plan="b"))
    other.take(x(2))

    assert [run.up_to(FAR).standing.stage for run in (one, other)] == ["B", "A"]


def test_what_a_fact_said_is_not_kept_but_for_attributes() -> None:
    story = given(rules(move("A->B", on("x", where={"text": {"exists": True}})))).facts(x(1, text="a secret"))
    run = told(story)

    assert run.up_to(FAR).standing.stage == "B"
    assert b"secret" not in PACKED.encode(kept_state(run, steps=True))


def test_of_a_window_only_what_lies_in_it_is_kept() -> None:
    counting = rules(tags=[tag("hot", on("x", times={"at_least": 3, "within": "2d"}))])
    few, many = (
        len(PACKED.encode(kept_state(told(given(counting).facts(*(x(1 + n) for n in range(facts)))), steps=False)))
        for facts in (10, 300)
    )
    assert few == many


def test_a_sum_of_all_there_ever_was_may_outgrow_64_bits() -> None:
    large = 999_999_999_999
    reached = if_(sum="x", field="n", gte=13 * large)
    story = given(rules(move("A->B", on("y"), reached))).facts(*(x(1, n=large) for _ in range(13)), y(2))
    run = JourneyFold(story.versions)
    for fact in story.known_facts:
        run = kept_and_resumed(run, list(story.versions))
        run.take(fact)

    assert run.up_to(FAR).standing.stage == "B"


def test_who_is_still_to_be_judged_by_a_new_version_is_judged_after_keeping() -> None:
    story = given(rules()).then_from(5, rules(move("A->B", if_(seen="x")))).facts(x(1), y(5))
    run = kept_and_resumed(told(story), list(story.versions))

    assert (run.up_to(FAR).standing.stage, run.up_to(FAR).standing.since) == ("B", day(5))


def test_what_several_versions_count_alike_is_kept_once() -> None:
    document = rules(move("A->B", if_(count="x", at_least=99, within="9d")))
    one = given(document).facts(*(x(2 + n / 10) for n in range(40)))
    many = one
    for on_day in (2, 3, 4):
        many = many.then_from(on_day, document)
    sizes = [len(PACKED.encode(kept_state(told(story), steps=False)["tallies"])) for story in (one, many)]

    assert sizes[0] == sizes[1] > 40
