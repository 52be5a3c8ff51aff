"""The compiled fold next to the reference: the worked examples, and what a table could have too little room for.

Masks are made fact by fact (``plain``) from what the domain says, so that this is about the fold alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from batch_fold import folding
from batch_fold.answers import folded
from batch_fold.folding import fold_all
from batch_fold.kernel_state import WRITTEN
from batch_fold.program import program_of
from domain.facts import Fact
from domain.history import in_fold_order, once_each
from domain.instants import DAY, SECOND, Instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import ALWAYS, Version, version
from domain.rulebook.document import build
from tests.batch_fold.plain import plain_columns, plain_masks
from tests.domain.generate import Case, cases
from tests.domain.test_laws import versions as versions_of
from tests.domain.test_worked_examples import APRIL_30, EXAMPLES, fact, march

STAGES = [{"id": "A", "initial": True}, {"id": "B"}]


def rules(**sections: Any) -> list[Version]:
    return [version(build({"journey": "j", "stages": STAGES, **sections}))]


def reference(histories: Sequence[Sequence[Fact]], versions: Sequence[Version], as_of: Instant) -> list[Folded]:
    return [fold((one for one in facts if one.occurred_at <= as_of), versions, as_of) for facts in histories]


def compiled(
    histories: Sequence[Sequence[Fact]], versions: Sequence[Version], as_of: Instant, threads: int = 1
) -> list[Folded]:
    program = program_of([versions])
    folds = fold_all(program, plain_columns(histories), plain_masks(histories, program), 0, as_of, threads)
    facts = [one for history in histories for one in history]
    comes = min((one.effective_from for one in versions if one.effective_from > as_of), default=None)
    return [folded(folds, place, facts, comes) for place in range(len(histories))]


def alike(histories: Sequence[Sequence[Fact]], versions: Sequence[Version], as_of: Instant = APRIL_30) -> list[Folded]:
    """What both say."""
    found = compiled(histories, versions, as_of)
    assert found == reference(histories, versions, as_of)
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_worked_example(example: tuple[Any, ...]) -> None:
    _, documents, facts, as_of, stage, since, tags = example
    versions = [
        version(build(document), number, ALWAYS if number == 1 else march(11))
        for number, document in enumerate(documents, start=1)
    ]

    (found,) = alike([in_fold_order(facts, as_of)], versions, as_of)

    assert (found.standing.stage, found.standing.since, sorted(found.standing.tags)) == (stage, since, tags)


@given(cases())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_world_is_folded_alike(case: Case) -> None:
    alike([in_fold_order(once_each(case.facts), case.as_of)], versions_of(case.published), case.as_of)


def test_more_tags_stages_rules_and_atoms_than_a_word_has_bits() -> None:
    count = 150
    versions = [
        version(
            build(
                {
                    "journey": "j",
                    "stages": [{"id": f"s{n}", "initial": n == 0} for n in range(count)],
                    "tags": [
                        {"id": f"add{n}", "when": {"fact": f"x{n}"}, "add": f"t{n}", "expires": "9d"}
                        for n in range(count)
                    ]
                    + [{"id": f"both{n}", "when": {"fact": ["all", f"x{n}"]}, "add": f"u{n}"} for n in range(count)],
                    "moves": [
                        {"id": f"m{n}", "from": f"s{n}", "to": f"s{(n + 1) % count}", "if": {"tag": f"t{n}"}}
                        for n in range(count)
                    ],
                    "opportunities": [
                        {"id": f"c{n}", "kind": "call", "if": {"attribute": "plan", "eq": n}} for n in range(count)
                    ],
                }
            )
        )
    ]
    facts = [fact(f"x{n}", march(1) + n * SECOND) for n in (0, 1, 2, 63, 64, 65, 127, 128, 149, 3)]
    profile = fact("profile.changed", march(2), attributes={"plan": 130})

    (found,) = alike([in_fold_order([*facts, fact("all", march(3)), profile], APRIL_30)], versions)

    assert found.standing.stage == "s4"
    assert len(found.standing.tags) == count
    assert sorted(found.standing.open) == ["c130"]
    assert [step.tag for step in found.steps if step.kind == "tag_added"][-2:] == ["u147", "u148"]


def test_sums_beyond_64_bits_are_exact() -> None:
    large = 999_999_999_999
    versions = rules(
        moves=[{"id": "m", "from": "A", "to": "B", "if": {"sum": "x", "field": "n", "within": "30d", "gte": large}}],
        opportunities=[
            {"id": "ever", "kind": "k", "if": {"sum": "x", "field": "n", "gte": large, "lte": large}},
            {"id": "owing", "kind": "k", "if": {"sum": "x", "field": "n", "lte": -large}},
        ],
    )
    paid = [fact("x", march(1) + n * SECOND, n=large) for n in range(20)]
    back = [fact("x", march(2) + n * SECOND, n=-large) for n in range(39)]
    fraction = [fact("x", march(3), n=0.000001), fact("x", march(4), n=-0.000001)]

    (found,) = alike([in_fold_order([*paid, *back, *fraction], APRIL_30)], versions)

    assert found.standing.stage == "B"
    assert list(found.standing.open) == ["owing"]
    assert [step.kind for step in found.steps if step.opportunity == "ever"].count("opened") > 1


def test_a_tag_by_hand_that_no_rule_names_may_be_called_as_a_stage_or_a_rule() -> None:
    versions = rules(moves=[{"id": "m", "from": "A", "to": "B", "if": {"tag": "known"}}])
    facts = [fact("tag.added", march(1), s, tag=t) for s, t in (("1", "A"), ("2", "m"), ("3", "zz"), ("4", "known"))]
    gone = [fact("tag.removed", march(2), "1", tag="zz"), fact("tag.removed", march(2), "2", tag="never")]

    (found,) = alike([in_fold_order([*facts, *gone], APRIL_30)], versions)

    assert sorted(found.standing.tags) == ["A", "known", "m"]
    assert [step.tag for step in found.steps if step.kind == "tag_removed"] == ["zz"]


def test_a_window_forgets_while_only_time_passes() -> None:
    versions = rules(
        moves=[
            {"id": "busy", "from": "A", "to": "B", "if": {"count": "x", "within": "3d", "at_least": 2}},
            {"id": "calm", "from": "B", "to": "A", "if": {"count": "x", "within": "3d", "at_most": 1}},
        ],
        tags=[{"id": "t", "when": {"fact": "y"}, "add": "t", "expires": "5d"}],
    )
    facts = [fact("x", march(1)), fact("x", march(2)), fact("y", march(2))]

    (found,) = alike([in_fold_order(facts, APRIL_30)], versions)

    assert (found.standing.stage, found.standing.since) == ("A", march(7))


def test_a_move_passed_over_is_made_at_the_next_fact_whatever_it_is() -> None:
    seen = {"if": {"seen": "x"}}
    versions = rules(
        moves=[{"id": "there", "from": "A", "to": "B", **seen}, {"id": "back", "from": "B", "to": "A", **seen}]
    )
    facts = [fact("x", march(1)), fact("of no concern", march(2)), fact("of no concern", march(3))]

    (found,) = alike([facts], versions)

    assert [step.target for step in found.steps] == ["A", "B", "A", "B"]


def test_a_hold_that_ends_in_the_first_instant_of_1970_holds_timers_too() -> None:
    versions = rules(moves=[{"id": "m", "from": "B", "to": "A", "after": "1d"}])
    by_hand = fact("stage.set", -5 * DAY, journey="j", stage="B", hold="5d")

    (found,) = alike([[by_hand]], versions)

    assert (found.standing.stage, found.standing.since) == ("A", 0)


def test_customers_leave_nothing_behind_for_the_next() -> None:
    versions = rules(
        enter={"when": {"fact": "in"}},
        leave={"when": {"fact": "out"}},
        tags=[{"id": "t", "when": {"fact": "x"}, "add": "t", "expires": "5d"}],
        moves=[
            {"id": "m", "from": "A", "to": "B", "after": "3d", "since": {"first": "x"}},
            {"id": "n", "from": "B", "to": "A", "if": {"attribute": "plan"}},
        ],
        opportunities=[{"id": "c", "kind": "k", "if": {"seen": "x", "within": "9d"}, "open_for": "2d"}],
    )
    busy = [
        fact("in", march(1)),
        fact("x", march(2)),
        fact("tag.added", march(2), tag="by hand"),
        fact("profile.changed", march(3), attributes={"plan": 1}),
        fact("stage.set", march(3), "z", journey="j", stage="B", hold="90d"),
    ]
    histories = [in_fold_order(facts, APRIL_30) for facts in (busy, [fact("in", march(4))], [], busy, busy[:2])]

    together = alike(histories, versions, march(20))

    assert together == [alike([facts], versions, march(20))[0] for facts in histories]


def many(customers: int) -> list[list[Fact]]:
    return [
        [
            fact("x" if (n + customer) % 3 else "y", march(1) + (n * 7 + customer) * DAY // 5, f"{customer}-{n}")
            for n in range(customer % 11)
        ]
        for customer in range(customers)
    ]


RESTLESS: dict[str, Any] = {
    "tags": [{"id": "t", "when": {"fact": "x"}, "add": "t", "expires": "1d"}],
    "moves": [
        {"id": "m", "from": "A", "to": "B", "after": "1d"},
        {"id": "n", "from": "B", "to": "A", "after": "1d"},
    ],
    "opportunities": [{"id": "c", "kind": "k", "if": {"stage": "B"}}],
}


def test_the_answer_does_not_depend_on_ranges_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    histories, versions = many(60), rules(**RESTLESS)
    alone = alike(histories, versions)

    monkeypatch.setattr(folding, "_RANGE", 7)

    assert compiled(histories, versions, APRIL_30, threads=1) == alone
    assert compiled(histories, versions, APRIL_30, threads=4) == alone


def test_who_finds_no_room_is_folded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    histories, versions = many(20), rules(**RESTLESS)
    monkeypatch.setattr(folding._Folding, "_guess", lambda *_: dict.fromkeys(WRITTEN, 1))

    assert compiled(histories, versions, APRIL_30) == reference(histories, versions, APRIL_30)


def test_each_customer_may_have_her_own_run_and_end() -> None:
    histories = many(12)
    runs = [rules(**RESTLESS), rules(), rules(tags=RESTLESS["tags"])]
    program = program_of(runs)
    which = np.array([place * 5 % 3 for place in range(12)], np.int32)
    ends = np.array([march(1) + place * 3 * DAY for place in range(12)], np.int64)

    folds = fold_all(program, plain_columns(histories), plain_masks(histories, program), which, ends, threads=2)

    facts = [one for history in histories for one in history]
    for place, history in enumerate(histories):
        (expected,) = reference([history], runs[which[place]], int(ends[place]))
        assert folded(folds, place, facts, None) == expected
        assert folds.taken[place] == sum(one.occurred_at <= ends[place] for one in history)


def test_nobody_and_no_version() -> None:
    versions = rules()
    program = program_of([versions, []])

    empty = fold_all(program, plain_columns([]), plain_masks([], program), 0, APRIL_30, threads=2)
    unruled = fold_all(program, plain_columns(many(3)), plain_masks(many(3), program), 1, APRIL_30)

    assert (len(empty.stage), len(empty.steps.at), list(empty.steps.starts)) == (0, 0, [0])
    assert (list(unruled.stage), list(unruled.rulebook)) == ([-1, -1, -1], [-1, -1, -1])
