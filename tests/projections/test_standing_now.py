"""Any rulebooks, any facts, learned of and followed at any moment: the short way answers what the whole log answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.history import in_fold_order
from domain.instants import DAY, Instant
from domain.journey import carried
from domain.journey.fold import fold
from domain.refusals import UnknownCustomer, UnknownJourney
from event_log.connections import reading
from event_log.published import versions_by_journey
from projections.standing_now import StandingNow
from tests.domain.generate import PLACES, at, publications
from tests.domain.naive import Published
from tests.projections.course import COURSE, day
from tests.projections.test_any_world import CUSTOMERS, EXAMPLES, Life, known_at, learn, lives, places
from tests.projections.world import JOURNEY, World, world_in

ANOTHER = "k"
LI_LEI = "李雷"


@pytest.fixture
def many_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that short histories have some."""
    monkeypatch.setattr(carried, "MARK", 2)


@pytest.fixture
def any_world(database: str, many_marks: None) -> Iterator[World]:
    with world_in(database) as world:
        world.unlocked()
        yield world


def standing_now(world: World) -> StandingNow:
    return StandingNow(world.pool, world.log.master, world.log.published)


@given(lives(), publications(), st.lists(st.none() | places, min_size=3, max_size=3), st.integers(2, 8))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_short_way_answers_what_the_whole_log_answers(
    any_world: World, life: Life, of_another: tuple[Published, ...], asked: list[Instant | None], every: int
) -> None:
    world = any_world
    world.starts_anew()
    coming = sorted(of_another, key=known_at)
    for turn, (now, learned) in enumerate(life):
        world.it_is(now)
        while coming and known_at(coming[0]) <= now:
            publishes(world, coming.pop(0))
        learn(world, learned)
        if life.awake[turn % len(life.awake)]:
            world.follows()
        if turn % every == 0:
            assert_answers(world, asked[turn % 3])
    world.it_is(at(PLACES + 12))
    world.follows()
    for as_of in (*asked, at(PLACES + 60)):
        assert_answers(world, as_of)


def publishes(world: World, one: Published) -> None:
    world.publishes({**one.document, "journey": ANOTHER}, one.effective_from, ANOTHER)


def assert_answers(world: World, as_of: Instant | None) -> None:
    """About everybody on every journey; where the short way gives no answer, the whole log is asked instead."""
    short, log = standing_now(world), world.log.reading
    now, head, journeys = log.now(), log.head(), versions_by_journey(log.publications())
    for customer in CUSTOMERS:
        try:
            known = log.customer(customer)
        except UnknownCustomer:
            with pytest.raises(UnknownCustomer):
                short.at(customer, JOURNEY, as_of)
            continue
        for journey in (JOURNEY, ANOTHER):
            if journey not in journeys:
                with pytest.raises(UnknownJourney):
                    short.at(customer, journey, as_of)
                continue
            stands = short.at(customer, journey, as_of)
            if stands is not None:
                end = now if as_of is None else as_of
                folded = fold(in_fold_order(known.facts, end), journeys[journey], end)
                assert stands.standing.as_json() == folded.standing.as_json()
                assert (stands.as_of, stands.now, stands.position) == (end, now, head)


# The short way is gone wherever it can be ---------------------------------------------------------------------------


def happened(number: int, type: str, **data: Any) -> Fact:
    """The day she was heard of is that of the fact."""
    return Fact("s", str(number), type, LI_LEI, day(number), data=data)


@pytest.fixture
def followed(world: World, many_marks: None) -> World:
    """A fact a day, each followed on its day, now the tenth; her first two entries can be read no more."""
    world.it_is(day(1))
    world.publishes(COURSE, day(0))
    for number in range(1, 11):
        world.it_is(day(number))
        world.learns(happened(number, "contact.added" if number == 1 else "content.clicked"))
        world.follows()
    world.unlocked()
    world.rows("update entries set state = '{}' where originator_version <= 2 and topic = 'fact' returning 1")
    return world


def stage(world: World, as_of: Instant | None = None) -> str | None:
    stands = standing_now(world).at(LI_LEI, JOURNEY, as_of)
    assert stands is not None
    return stands.standing.stage


def test_what_was_kept_is_gone_on_from(followed: World) -> None:
    assert stage(followed) == "mql"


def test_what_is_not_followed_yet_counts(followed: World) -> None:
    followed.learns(happened(11, "message.received", text="打电话给我"))
    followed.it_is(day(12))

    assert (stage(followed, day(10.5)), stage(followed)) == ("mql", "sql")


def test_time_passes_on_reading(followed: World) -> None:
    followed.it_is(day(23.9))
    assert (stage(followed), stage(followed, day(24))) == ("mql", "dormant")


def test_an_earlier_instant_is_answered_from_a_mark(followed: World) -> None:
    assert [stage(followed, day(number)) for number in (4, 5.5, 8)] == ["mql", "mql", "mql"]


def test_nothing_kept_needs_all_her_facts_and_no_more(world: World) -> None:
    world.it_is(day(3))
    world.publishes(COURSE, day(0))
    world.learns(happened(1, "contact.added"), happened(3, "message.received", text="打电话给我"))

    assert [stage(world, day(number)) for number in (0.5, 1, 3)] == [None, "lead", "sql"]


@pytest.mark.parametrize(
    "learned",
    [
        Fact("s", "late", "message.received", LI_LEI, day(9.5), data={"text": "打电话给我"}),
        Fact("s", "void", "fact.voided", LI_LEI, day(10), data={"source": "s", "id": "10"}),
    ],
    ids=["what is late", "a void"],
)
def test_the_whole_log_is_asked_where_the_kept_fold_does_not_go_on(followed: World, learned: Fact) -> None:
    followed.learns(learned)
    followed.it_is(day(10) + DAY)

    assert standing_now(followed).at(LI_LEI, JOURNEY) is None


def test_the_whole_log_is_asked_under_a_rulebook_just_published(followed: World) -> None:
    followed.publishes(COURSE, day(10))

    assert standing_now(followed).at(LI_LEI, JOURNEY) is None


def test_a_publication_counts_at_once_and_other_answers_do_not_wait_for_it(world: World) -> None:
    """Nothing of the rulebooks is remembered beyond the next publication."""
    world.it_is(day(2))
    world.publishes(COURSE, day(0))
    world.learns(happened(1, "contact.added"))
    assert stage(world) == "lead"
    first = {**COURSE, "stages": [{**one, "id": "new"} if one["id"] == "lead" else one for one in COURSE["stages"]]}
    renamed = {**first, "moves": COURSE["moves"][:1], "renames": {"lead": "new"}}

    world.publishes(renamed, day(1))

    assert stage(world) == "new"


def test_what_is_known_ahead_of_its_time_counts_from_then_on(followed: World) -> None:
    followed.learns(happened(11, "message.received", text="打电话给我"))
    followed.follows()

    assert (stage(followed, day(10.9)), stage(followed, day(11))) == ("mql", "sql")


def test_what_is_known_ahead_of_its_time_counts_once(world: World) -> None:
    world.it_is(day(1))
    world.publishes(COURSE, day(0))
    world.learns(happened(1, "contact.added"), happened(2, "content.clicked"))
    world.follows()

    # Two clicks would make it mql.
    assert stage(world, day(3)) == "lead"


def test_a_void_counts_before_it_occurred(followed: World) -> None:
    followed.learns(Fact("s", "void", "fact.voided", LI_LEI, day(11), data={"source": "s", "id": "10"}))

    assert standing_now(followed).at(LI_LEI, JOURNEY, day(10.5)) is None


def test_a_version_of_the_projection_that_was_just_switched_to_answers(world: World) -> None:
    world.it_is(day(3))
    world.publishes(COURSE, day(0))
    world.learns(happened(1, "contact.added"), happened(3, "message.received", text="打电话给我"))
    world.follows()
    assert stage(world) == "sql"
    world.builds_anew(2, 100)
    world.unlocked()
    world.rows("update entries set state = '{}' where topic = 'fact' returning 1")

    assert stage(world) == "sql"


def test_how_the_question_was_planned_ends_with_it(followed: World) -> None:
    stage(followed)

    with reading(followed.pool) as connection:
        settings = connection.execute("select current_setting('plan_cache_mode'), current_setting('enable_seqscan')")
        assert settings.fetchone() == ("force_custom_plan", "on")
