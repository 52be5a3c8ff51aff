"""The worked businesses of the examples folder: each row marked B of expected.md, at the second and one second before.

Times are Asia/Shanghai, of 2026. A row names everything that changes at its second; nothing changes at any other.
"""

import os
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from domain.history import in_fold_order, known_by
from domain.instants import SECOND, Instant, instant
from domain.journey.fold import Folded, fold
from domain.journey.in_force import Version, version
from domain.rulebook.reader import rulebook
from tests.data.read_files import Histories, histories_of, lines_of

EXAMPLES = Path(os.environ.get("TRAILBOOK_EXAMPLES", Path(__file__).parents[2].parent / "shared" / "examples"))

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"no examples: {EXAMPLES} (TRAILBOOK_EXAMPLES)")

COURSE_SALES = """
林静 wmLinJing
  03-02 10:12:00   off -> lead
  03-16 10:12:00   lead -> dormant
周强 wmZhouQiang
  03-04 09:30:00   off -> lead
  03-04 09:46:00   +友好型
  03-06 19:05:00   +暂不打扰, lead -> refused
  04-03 09:46:00   -友好型
  06-04 19:05:00   -暂不打扰, refused -> dormant
陈曼 wmChenMan
  03-03 21:15:00   off -> lead
  03-05 19:20:00   stays lead
  03-08 07:25:00   stays lead
  03-22 07:25:00   lead -> dormant
  03-29 21:10:00   dormant -> lead
  04-02 22:10:00   lead -> mql
  04-06 21:02:00   +探索型
  04-11 07:20:00   +已试听
  04-12 21:30:00   stays mql
  04-14 22:20:00   +关注价格, mql -> sql
  04-21 07:20:00   -已试听
  04-24 22:20:00   sql -> mql
  04-28 21:15:00   +积极型
  05-01 11:00:00   +学员, mql -> won
  05-05 22:20:00   -关注价格
  05-06 21:02:00   -探索型
  05-08 12:10:00   stays won
  06-27 21:15:00   -积极型
王凯 wmWangKai
  03-10 14:20:00   off -> lead
  03-10 14:26:00   +积极型, +想通话, lead -> sql
  03-10 14:31:00   stays sql
  03-10 14:41:00   -想通话
  03-11 10:02:00   +学员, sql -> won
  03-18 19:20:00   +推荐者
  04-16 12:00:00   +传播者
  05-09 14:26:00   -积极型
赵蕙 wmZhaoHui
  03-05 11:30:00   off -> lead
  03-06 20:55:00   +探索型, +想要资料, lead -> mql
  03-20 20:55:00   stays mql
  04-02 20:50:00   mql -> dormant
  04-05 20:55:00   -探索型, -想要资料
  04-25 10:18:00   +探索型, dormant -> mql
  04-27 15:00:00   mql -> sql
  05-08 19:32:00   stays sql
  05-11 15:00:00   sql -> mql
  05-12 20:10:00   +学员, mql -> won
  05-25 10:18:00   -探索型
孙珊 wmSunShan
  03-06 16:00:00   off -> lead
  03-08 18:58:00   stays lead
  03-08 19:02:00   lead -> off
"""

SAAS_LEADS = """
何颖 wmHeYing
  03-02 10:05:00   off -> lead
  03-10 10:40:00   +探索型, +想要白皮书
  03-12 15:00:00   +已留资, lead -> mql
  03-13 11:00:00   +已确认需求, mql -> sql
  04-09 10:40:00   -想要白皮书
  04-10 16:00:00   +客户, sql -> won
  05-09 10:40:00   -探索型
  05-11 15:00:00   -已留资
方毅 wmFangYi
  03-04 14:10:00   off -> lead
  03-05 10:30:00   +积极型
  06-03 10:30:00   -积极型
唐宁 wmTangNing
  03-05 16:05:00   off -> lead
  03-13 10:20:00   +暂停推送
  06-11 10:20:00   -暂停推送
许岚 wmXuLan
  01-05 10:00:00   off -> lead
  01-12 11:00:00   +客户, lead -> won
  02-03 15:20:00   +友好型
  03-05 15:20:00   -友好型
"""

TWO_CUTS_OF_ZHAO_HUI = """
  03-20 23:00   03-20 23:00   dormant   03-20 20:55
  03-20 23:00   now           mql       03-06 20:55
  03-22 08:00   03-20 23:00   dormant   03-20 20:55
  03-22 08:00   03-22 08:00   mql       03-06 20:55
"""

STAGE_COUNTS = [
    ("course-sales", "05-01 00:00", {"mql": 1, "sql": 1, "won": 1, "refused": 1, "dormant": 1, "off": 1}),
    ("course-sales", "07-01 00:00", {"won": 3, "dormant": 2, "off": 1}),
    ("saas-leads", "07-01 00:00", {"lead": 2, "won": 2}),
]
END = "07-01 00:00"


def shanghai(text: str) -> Instant:
    seconds = text if text.count(":") == 2 else f"{text}:00"
    return instant(f"2026-{seconds.replace(' ', 'T')}+08:00")


@dataclass(frozen=True)
class Row:
    """One second of one customer; ``stages`` before and after, and the tags that come and go."""

    customer: str
    at: Instant
    before: str
    after: str
    added: frozenset[str]
    removed: frozenset[str]

    @property
    def stays(self) -> bool:
        return self.before == self.after and not self.added | self.removed


def rows_of(table: str) -> list[tuple[str, Row]]:
    """Each row with a name; a row without a stage keeps the one of the row above it."""
    rows, customer, stage = [], "", "off"
    for line in filter(str.strip, table.splitlines()):
        if not line.startswith(" "):
            customer, stage = line.split()[1], "off"
            continue
        when, changes = line.strip().split("   ")
        words = changes.removeprefix("stays ").split(", ")
        before, after = words[-1].split(" -> ") if "->" in words[-1] else (stage, stage)
        assert before == stage, line
        if changes.startswith("stays"):
            assert words == [stage], line
        added = frozenset(word[1:] for word in words if word[0] == "+")
        removed = frozenset(word[1:] for word in words if word[0] == "-")
        rows.append((f"{customer} {when}", Row(customer, shanghai(when), before, after, added, removed)))
        stage = after
    return rows


@cache
def business(name: str) -> tuple[Version, Histories]:
    folder = EXAMPLES / name
    rules = version(rulebook((folder / "rulebook.yaml").read_text(encoding="utf-8")))
    return rules, histories_of(lines_of(folder / "facts.ndjson"))


def folded(name: str, customer: str, as_of: Instant, known_at: Instant | None = None) -> Folded:
    rules, histories = business(name)
    facts = histories[customer] if known_at is None else known_by(histories[customer], known_at)
    return fold(in_fold_order(facts, as_of), [rules], as_of)


ROWS = [
    pytest.param(name, row, id=told)
    for name, table in (("course-sales", COURSE_SALES), ("saas-leads", SAAS_LEADS))
    for told, row in rows_of(table)
]


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_what_changes_changes_at_that_second_and_not_before(name: str, row: Row) -> None:
    before = folded(name, row.customer, row.at - SECOND).standing
    after = folded(name, row.customer, row.at).standing

    assert (before.stage or "off", after.stage or "off") == (row.before, row.after)
    assert set(after.tags) - set(before.tags) == row.added
    assert set(before.tags) - set(after.tags) == row.removed
    assert (
        after.since == (row.at if row.before != row.after and row.after != "off" else before.since) or not after.stage
    )


@pytest.mark.parametrize(("name", "table"), [("course-sales", COURSE_SALES), ("saas-leads", SAAS_LEADS)])
def test_nothing_changes_at_any_other_instant(name: str, table: str) -> None:
    rows = [row for _, row in rows_of(table)]
    told = {(row.customer, row.at) for row in rows if not row.stays}
    found = {
        (customer, step.at)
        for customer in business(name)[1]
        for step in folded(name, customer, shanghai(END)).steps
        if step.kind not in ("opened", "closed")
    }
    assert found == told


def test_a_silent_customer_has_no_tag_and_no_opportunity_ever() -> None:
    kinds = [step.kind for step in folded("course-sales", "wmLinJing", shanghai(END)).steps]
    assert kinds == ["entered", "moved"]


def test_two_changes_due_at_one_second_come_in_order_expiry_first() -> None:
    last = folded("course-sales", "wmZhouQiang", shanghai("06-04 19:05")).steps[-2:]
    assert [(step.kind, step.cause.timer) for step in last] == [("tag_removed", "expiry"), ("moved", "after")]


@pytest.mark.parametrize("line", [line.strip() for line in TWO_CUTS_OF_ZHAO_HUI.splitlines() if line.strip()])
def test_the_two_cuts_of_zhao_hui(line: str) -> None:
    as_of, known_at, stage, since = (word.strip() for word in line.split("   ") if word.strip())
    cut = None if known_at == "now" else shanghai(known_at)
    standing = folded("course-sales", "wmZhaoHui", shanghai(as_of), cut).standing

    assert (standing.stage, standing.since) == (stage, shanghai(since))


def test_the_late_view_moves_the_next_silence_timer_of_zhao_hui() -> None:
    timers = [
        folded("course-sales", "wmZhaoHui", shanghai("03-20 20:00"), shanghai(known_at)).standing.next_timer
        for known_at in ("03-21 05:59:59", "03-21 06:00:00")
    ]
    assert [timer.at for timer in timers if timer is not None] == [shanghai("03-20 20:55"), shanghai("04-02 20:50")]


@pytest.mark.parametrize(("name", "as_of", "expected"), STAGE_COUNTS)
def test_stage_counts_at_the_end_of_the_month(name: str, as_of: str, expected: dict[str, int]) -> None:
    stages = [folded(name, customer, shanghai(as_of)).standing.stage or "off" for customer in business(name)[1]]
    assert {stage: stages.count(stage) for stage in set(stages)} == expected


@pytest.mark.parametrize("name", ["course-sales", "saas-leads"])
def test_shuffled_and_doubled_lines_give_the_same(name: str) -> None:
    rules, histories = business(name)
    lines = lines_of(EXAMPLES / name / "facts.ndjson") * 2
    random.Random(7).shuffle(lines)
    end = shanghai(END)
    again = histories_of(lines)

    assert again.keys() == histories.keys()
    for customer, facts in again.items():
        assert fold(in_fold_order(facts, end), [rules], end) == folded(name, customer, end)
