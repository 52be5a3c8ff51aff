"""Laws of the fold, over generated rulebooks and histories."""

from typing import Any

from hypothesis import given, settings

from domain.history import in_fold_order
from domain.journey.fold import Folded, fold
from domain.journey.in_force import ALWAYS, Version, version
from domain.rulebook.document import build
from tests.domain.generate import Case, cases
from tests.domain.naive import Published, naive_fold


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


def folded(case: Case) -> Folded:
    return fold(in_fold_order(case.facts, case.as_of), versions(case.published), case.as_of)


def written(result: Folded) -> list[dict[str, Any]]:
    return [{**step.as_json(), "at": step.at} for step in result.steps]


@settings(max_examples=300, deadline=None)
@given(cases())
def test_the_naive_fold_yields_the_same_steps_and_standing(case: Case) -> None:
    naive = naive_fold(case.facts, case.published, case.as_of)
    result = folded(case)
    standing = result.standing

    assert written(result) == naive.steps
    assert (standing.stage, standing.since, standing.rulebook) == (naive.stage, naive.since, naive.rulebook)
    assert {name: (held.since, held.by, held.rule, held.expires) for name, held in standing.tags.items()} == naive.tags
    assert {rule: (card.kind, card.since, card.until) for rule, card in standing.open.items()} == naive.open
