"""The facts that speed is measured by: the same from a seed, real ones to every reader, and no rule is idle on them."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from batch_fold.answers import folded
from batch_fold.columns import ABSENT, Batch
from batch_fold.folding import fold_all
from batch_fold.folds import KINDS, Folds
from batch_fold.masks import masks_of
from batch_fold.program import program_of
from batch_fold.record_files import Folder
from batch_fold.splits import Split, read_split
from batch_fold.unsealing import asks_for_boxes
from bench.backtest_rules import candidate, document, keyword_candidate, published, without_cards
from bench.made_facts import END, facts_of, made_batch, write_archive
from domain.facts import PUBLIC_FIELDS
from domain.history import in_fold_order
from domain.journey.fold import fold
from domain.journey.in_force import version
from domain.rulebook.lint import findings_of
from domain.rulebook.reader import rulebook_of

FACTS = 60_000
CUSTOMERS = 40


@pytest.fixture(scope="module")
def batch() -> Batch:
    return made_batch(FACTS)


def folds_of(batch: Batch) -> Folds:
    program = program_of([published()])
    return fold_all(program, batch.columns, masks_of(batch.columns, program), 0, END)


def written(folder: Path, seed: int, at_once: int) -> tuple[list[Split], list[bytes]]:
    splits = write_archive(Folder.of(str(folder)), 3_001, seed=seed, splits=3, at_once=at_once)
    return splits, [file.read_bytes() for file in sorted(folder.iterdir())]


def test_an_archive_is_the_same_from_its_seed_by_however_many_processes_it_is_written(tmp_path: Path) -> None:
    splits, files = written(tmp_path / "one", 7, 1)
    _, same = written(tmp_path / "two", 7, 2)
    _, other = written(tmp_path / "three", 8, 2)

    assert files == same
    assert all(one != another for one, another in zip(files, other, strict=True))
    assert sum(split.facts for split in splits) == 3_001


def test_a_written_split_is_read_as_it_was_made(tmp_path: Path) -> None:
    splits = write_archive(Folder.of(str(tmp_path)), 3_000, seed=7, splits=3, at_once=1)
    made = made_batch(1_000, 7, 1, 3)

    found = read_split(splits[1], program_of([published()]).needs)

    assert found.customers.tobytes() == made.customers.tobytes()
    assert found.positions.tolist() == made.positions.tolist()
    assert found.columns.at.tolist() == made.columns.at.tolist()
    for name, field in found.columns.fields.items():
        assert field.codes.tolist() == made.columns.fields[name].codes.tolist()


def test_customers_stand_in_order_within_their_split_and_their_facts_in_order_of_time() -> None:
    made = [made_batch(2_000, 7, split, 3) for split in range(3)]
    numbers = [UUID(bytes=bytes(number)) for batch in made for number in batch.customers]
    positions = np.concatenate([batch.positions for batch in made])

    assert numbers == sorted(set(numbers))
    assert [int(numbers[0]) * 3 >> 128, int(numbers[-1]) * 3 >> 128] == [0, 2]
    assert len(set(positions.tolist())) == 6_000
    for batch in made:
        starts = batch.columns.starts
        later = np.diff(batch.columns.at) >= 0
        later[starts[1:-1] - 1] = True
        assert later.all()
        assert (np.diff(starts) > 0).all()
        assert batch.columns.at.max() < END


def test_every_type_occurs_and_every_field_is_public_of_its_type(batch: Batch) -> None:
    columns = batch.columns
    assert set(np.unique(columns.types).tolist()) == set(range(len(columns.type_names)))

    for name, field in columns.fields.items():
        for place in np.unique(columns.types[field.codes != ABSENT]).tolist():
            assert name in PUBLIC_FIELDS[columns.type_names[place]]


def test_only_the_keyword_rules_ask_for_boxes() -> None:
    asking = [
        asks_for_boxes(program_of([[version(rulebook_of(asked))]]).needs)
        for asked in (document(), candidate(), keyword_candidate())
    ]

    assert asking == [False, False, True]


def test_the_measured_rulebook_has_what_the_goal_names_and_nothing_to_complain_of() -> None:
    rulebook = without_cards()
    timers = [move for move in rulebook.moves if move.after is not None]

    assert (len(rulebook.tags), len(rulebook.moves) - len(timers), len(timers)) == (24, 12, 3)
    assert rulebook.opportunities == ()
    for asked in (document(), candidate(), keyword_candidate()):
        assert findings_of(asked, {"Asia/Shanghai"}) == []


def test_no_rule_of_it_is_idle(batch: Batch) -> None:
    folds = folds_of(batch)
    worked = {folds.names[rule] for rule in np.unique(folds.steps.rule) if rule >= 0}
    (rulebook,) = (one.rulebook for one in published())

    for rules in (rulebook.tags, rulebook.moves, rulebook.opportunities):
        assert {rule.id for rule in rules} <= worked
    assert set(np.unique(folds.steps.kind).tolist()) == set(range(len(KINDS))) - {KINDS.index("renamed")}


def test_facts_one_by_one_say_what_the_columns_say(batch: Batch) -> None:
    customers = range(0, batch.columns.customers, batch.columns.customers // CUSTOMERS)
    histories = facts_of(batch, customers)
    rows = dict(zip(customers, histories, strict=True))
    known = [fact for hers in facts_of(batch, range(max(customers) + 1)) for fact in hers]

    folds = folds_of(batch)

    for customer, facts in rows.items():
        assert folded(folds, customer, known) == fold(in_fold_order(facts, END), published(), END)
