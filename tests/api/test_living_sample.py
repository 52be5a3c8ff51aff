"""The course seller's sample: the same every time, fit for the door, and alive."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from psycopg import connect

from api.course_sales.lateness import Learned
from api.course_sales.touches import AFTERWARDS, SEQUENCES
from api.course_sales.world import World, facts_of
from api.sample_file import write_facts, write_rulebooks
from api.sample_workspace import rulebook_versions
from domain.envelope import read_fact
from domain.facts import Fact
from domain.history import in_fold_order, once_each
from domain.instants import DAY
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version, version
from domain.rulebook.reader import rulebook
from tests.batch_fold.both_engines import Compiled, one_by_one

LAST_DAY = date(2026, 5, 31)
WORLD = World(customers=300, days=120, seed=1, last_day=LAST_DAY)


def versions(world: World) -> list[Version]:
    (first, _, _), (second, since, _) = rulebook_versions(world)
    assert since is not None
    return [version(rulebook(first)), version(rulebook(second), 2, since)]


@pytest.fixture(scope="module")
def learned() -> list[Learned]:
    return list(WORLD.learned())


@pytest.fixture(scope="module")
def facts(learned: list[Learned]) -> dict[str, list[Fact]]:
    """Every customer's facts, each once, in fold order."""
    by_customer: dict[str, list[Fact]] = {}
    for delivery in learned:
        if not delivery.again:
            by_customer.setdefault(delivery.fact.customer, []).append(delivery.fact)
    return {customer: in_fold_order(own, WORLD.end) for customer, own in by_customer.items()}


@pytest.fixture(scope="module")
def folded(facts: dict[str, list[Fact]]) -> dict[str, Folded]:
    judging = versions(WORLD)
    return {customer: fold(own, judging, WORLD.end) for customer, own in facts.items()}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    world = World(customers=20, days=30, seed=7, last_day=LAST_DAY)

    for name in ("one.ndjson.gz", "two.ndjson.gz"):
        write_facts(tmp_path / name, world, lambda: None)

    assert (tmp_path / "one.ndjson.gz").read_bytes() == (tmp_path / "two.ndjson.gz").read_bytes()


def test_a_customer_follows_from_seed_and_index_alone(learned: list[Learned]) -> None:
    alone = list(facts_of(123, WORLD.seed, WORLD.days, WORLD.end))

    assert alone == [delivery for delivery in learned if delivery.fact.customer == alone[0].fact.customer]


def test_worlds_of_another_seed_or_day_share_no_id(learned: list[Learned]) -> None:
    keys = {delivery.fact.key for delivery in learned}

    for other in (World(300, 120, 2, LAST_DAY), World(300, 120, 1, date(2026, 6, 1)), World(300, 90, 1, LAST_DAY)):
        assert keys.isdisjoint(delivery.fact.key for delivery in other.learned())


def test_every_fact_passes_the_door(learned: list[Learned]) -> None:
    for delivery in learned:
        assert read_fact(delivery.fact.event(), latest=WORLD.end) == delivery.fact


def test_nothing_happens_or_is_learned_outside_the_days(learned: list[Learned]) -> None:
    for delivery in learned:
        assert WORLD.start - DAY < delivery.fact.occurred_at <= delivery.at < WORLD.end


def test_the_compiled_fold_says_the_same_of_everybody(facts: dict[str, list[Fact]], folded: dict[str, Folded]) -> None:
    judging, histories = versions(WORLD), list(facts.values())
    compiled = Compiled(histories, [judging])

    assert compiled.folded(0, WORLD.end) == list(folded.values())
    assert compiled.folded(0, WORLD.middle) == one_by_one(histories, judging, WORLD.middle)


def test_some_is_late_and_some_comes_twice_word_for_word(learned: list[Learned]) -> None:
    first = [delivery for delivery in learned if not delivery.again]
    again = [delivery for delivery in learned if delivery.again]

    assert len({delivery.fact.key for delivery in first}) == len(first)
    assert once_each(delivery.fact for delivery in learned) == [delivery.fact for delivery in first]
    assert 0.005 < sum(not delivery.in_time for delivery in first) / len(first) < 0.05
    assert 0.003 < len(again) / len(first) < 0.03


def test_the_stages_are_peopled_as_a_seller_knows_them(folded: dict[str, Folded]) -> None:
    stages = Counter(done.standing.stage for done in folded.values())
    share = {stage: count / WORLD.customers for stage, count in stages.items()}
    left = sum(any(step.kind == "left" for step in done.steps) for done in folded.values()) / WORLD.customers

    assert 0.40 < share["lead"] + share["dormant"] < 0.70
    assert 0.08 < share["mql"] < 0.30
    assert 0.02 < share["sql"] < 0.15
    assert 0.02 < share["won"] < 0.12
    assert 0.015 < share["paused"] < 0.12
    assert 0.03 < left < 0.16


def test_the_board_of_the_last_day_is_alive(folded: dict[str, Folded]) -> None:
    open_now = Counter(rule for done in folded.values() for rule in done.standing.open)

    assert sum(open_now.values()) >= 5
    assert open_now["chat"] > 0


def test_a_customer_has_some_dozens_of_facts(facts: dict[str, list[Fact]]) -> None:
    assert 30 < sum(map(len, facts.values())) / WORLD.customers < 70


def test_whatever_is_ticked_off_or_skipped_was_open(facts: dict[str, list[Fact]], folded: dict[str, Folded]) -> None:
    ticked = {
        (fact.key, fact.data["rule"])
        for own in facts.values()
        for fact in own
        if fact.type in ("opportunity.done", "opportunity.skipped")
    }
    closed = {
        (step.cause.fact.key, step.opportunity)
        for done in folded.values()
        for step in done.steps
        if step.kind == "closed" and step.cause.fact is not None
    }

    assert len(ticked) > 30
    assert ticked <= closed


def test_moves_by_hand_and_the_second_rulebook_show(folded: dict[str, Folded]) -> None:
    steps = [step for done in folded.values() for step in done.steps]

    assert any(step.kind == "moved" and step.cause.rule is None and step.cause.timer is None for step in steps)
    assert any(step.kind == "renamed" for step in steps)
    assert {step.cause.rulebook for step in steps} == {1, 2}


def test_only_contents_of_the_sequences_go_out(facts: dict[str, list[Fact]]) -> None:
    known = {touch.content for sequence in SEQUENCES.values() for touch in sequence}
    sent = {fact.data["content"] for own in facts.values() for fact in own if fact.type == "content.sent"}

    assert sent <= known | {AFTERWARDS.content, "hello-1", "hello-2"}


def test_the_file_is_in_order_of_arrival_and_folds_to_the_same(
    tmp_path: Path, learned: list[Learned], folded: dict[str, Folded]
) -> None:
    out, books = tmp_path / "facts.ndjson", tmp_path / "rulebooks.ndjson"

    written = write_facts(out, WORLD, lambda: None)
    write_rulebooks(books, rulebook_versions(WORLD))

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    recorded = [line["recordedat"] for line in lines]
    assert written == len(lines) == len(learned)
    assert recorded == sorted(recorded)
    command = [sys.executable, "-m", "api.cli", "replay", "--facts", str(out), "--rulebooks", str(books)]
    replayed = subprocess.run(
        [*command, "--as-of", "2026-05-31T16:00:00Z"], capture_output=True, text=True, check=True, timeout=60
    )
    stages = {line["customer"]: line["stage"] for line in map(json.loads, replayed.stdout.splitlines())}
    assert stages == {customer: done.standing.stage for customer, done in folded.items()}


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(tmp_path / "home")}


def sample(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", "sample", "course-sales", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_loading_stores_late_facts_after_the_others_and_again_is_harmless(
    environment: dict[str, str], database: str
) -> None:
    arguments = ("--customers", "30", "--days", "60", "--seed", "3")

    loaded = sample(environment, *arguments)
    again = sample(environment, *arguments)

    assert loaded.returncode == 0, loaded.stderr
    first, second = json.loads(loaded.stdout), json.loads(again.stdout)
    assert first["accepted"] > 500
    assert first["duplicates"] > 0
    assert second == {
        "accepted": 0,
        "duplicates": first["accepted"] + first["duplicates"],
        "position": first["position"],
    }
    assert "there already" in again.stderr


def test_a_journey_with_rulebooks_of_its_own_keeps_them(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("journey: course-sales\nstages: [{id: a, initial: true, final: true}]\n", encoding="utf-8")
    command = [sys.executable, "-m", "api.cli", "rulebook", "publish", str(own), "--because", "ours"]
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)

    loaded = sample(environment, "--customers", "5", "--days", "30")

    assert loaded.returncode == 0, loaded.stderr
    assert "rulebooks of its own" in loaded.stderr
    with connect(environment["TRAILBOOK_DATABASE_URL"]) as connection:
        found = connection.execute("select count(*) from entries where fact_type = ''").fetchone()
    assert found == (1,)
