"""A step as one sentence in Chinese and in English."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from domain.facts import PUBLIC_FIELDS
from domain.instants import SECOND
from domain.journey.conditions_in_words import trigger_in_words
from domain.journey.in_force import Version, version
from domain.journey.phrases import length
from domain.journey.sentences import sentence
from domain.journey.steps import Cause, Step
from domain.journey.vocabulary import VOCABULARY, phrase_for
from domain.rulebook.document import build
from domain.rulebook.reader import rulebook
from tests.domain.generate import Case, cases
from tests.domain.given import (
    Document,
    Story,
    card,
    day,
    done,
    fact,
    if_,
    move,
    on,
    rules,
    set_to,
    tag,
    tagged,
    untag,
    untagged,
    x,
    y,
)
from tests.domain.given import given as story
from tests.domain.test_laws import folded, versions

PRICE = """
journey: course-sales
stages: [{id: lead, title: {zh: 潜客, en: Lead}, initial: true}]
tags:
  - id: price-twice
    when: {fact: content.clicked, where: {content: CONTENT}, times: {at_least: 2, within: 7d}}
    add: 关注价格
    expires: 21d
"""
ENTERED_AT_X = "发生了 x → 进入旅程，站在『A』", "x happened → entered the journey at A"


def clicked(on_day: float, content: str) -> Any:
    return fact("content.clicked", on_day, content=content)


def told(tale: Story) -> list[tuple[str, str]]:
    """Every step's sentence, less the first entry."""
    return [(said.zh, said.en) for step in tale.folded().steps[1:] for said in [sentence(step, tale.versions)]]


def last(tale: Story) -> tuple[str, str]:
    return told(tale)[-1]


def cause(tale: Story) -> tuple[str, str]:
    zh, en = last(tale)
    return zh.split(" → ")[0], en.split(" → ")[0]


# The example --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "in_chinese"), [("price-list", "『price-list』"), ("价格表", "价格表")])
def test_two_clicks_on_the_price_list(content: str, in_chinese: str) -> None:
    judged_by = version(rulebook(PRICE.replace("CONTENT", content)))
    tale = Story((judged_by,)).facts(clicked(1, content), clicked(3, content))

    assert told(tale)[0] == (
        f"客户 7 天内点了 2 次{in_chinese} → 打上『关注价格』，21 天后自动去掉",
        f"The customer clicked {content} 2 times within 7 days → tagged 关注价格, removed again after 21 days",
    )
    assert last(tale) == (
        "标签『关注价格』的 21 天到期 → 去掉『关注价格』",
        "The tag 关注价格 ran out after 21 days → tag 关注价格 removed",
    )


# Kinds of steps -----------------------------------------------------------------------------------------------------


def test_entering_and_leaving_with_what_is_dropped() -> None:
    document = rules(
        tags=[tag("hot", on("x"))],
        opportunities=[card("card", on("x"), title={"zh": "想通话", "en": "Wants a call"})],
        enter=on("x"),
        leave={**on("contact.removed"), **if_(seen="x")},
    )
    tale = story(document).facts(x(1), fact("contact.removed", 2))

    assert told(tale) == [
        ("发生了 x → 打上『hot』", "x happened → tagged hot"),
        ("发生了 x → 打开机会『想通话』", "x happened → opportunity Wants a call opened"),
        (
            "好友关系解除了，且发生了 x → 离开旅程，之前在『A』",
            "The contact was removed, and x happened → left the journey, was in A",
        ),
        (
            "好友关系解除了，且发生了 x，客户离开旅程 → 去掉『hot』",
            "The contact was removed, and x happened, and the customer left the journey → tag hot removed",
        ),
        (
            "好友关系解除了，且发生了 x → 关闭机会『想通话』",
            "The contact was removed, and x happened → opportunity Wants a call closed",
        ),
    ]


def test_without_enter_the_first_fact_enters() -> None:
    tale = story(rules()).facts(x(1))
    said = sentence(tale.folded().steps[0], tale.versions)

    assert (said.zh, said.en) == ENTERED_AT_X


def test_a_stage_is_called_by_its_title_in_each_language_else_by_its_id() -> None:
    document = rules(move("A->B", on("y")))
    document["stages"][0]["title"] = {"zh": "潜客"}
    document["stages"][1]["title"] = {"en": "Warm"}

    assert last(story(document).facts(x(1), y(2))) == (
        "发生了 y → 从『潜客』到『B』",
        "y happened → moved from A to Warm",
    )


def test_a_move_by_hand_says_who_why_and_for_how_long() -> None:
    tale = story(rules())

    assert last(tale.facts(x(1), set_to("B", 2, by="贝贝", reason="电话里\n说定了", hold="14d"))) == (
        "贝贝手工改了阶段（原因：电话里 说定了） → 从『A』到『B』，保持 14 天",
        "贝贝 set the stage by hand (reason: 电话里 说定了) → moved from A to B, held for 14 days",
    )
    assert last(tale.facts(x(1), set_to("B", 2, by=7))) == (
        "有人手工改了阶段 → 从『A』到『B』",
        "Somebody set the stage by hand → moved from A to B",
    )


def test_tags_by_hand() -> None:
    assert told(story(rules()).facts(x(1), tagged(2, "vip"), untagged(3, "vip"))) == [
        ("有人手工打标 → 打上『vip』", "Somebody set the tag by hand → tagged vip"),
        ("有人手工去标 → 去掉『vip』", "Somebody took the tag away by hand → tag vip removed"),
    ]


def test_a_tag_by_hand_before_any_version_has_a_sentence_too() -> None:
    (step,) = story().facts(tagged(1, "vip")).folded().steps

    assert sentence(step, ()).zh == "有人手工打标 → 打上『vip』"


def test_a_rule_that_removes_a_tag() -> None:
    tale = story(rules(tags=[tag("hot", on("x")), untag("hot", on("call.answered", where={"seconds": {"gte": 60}}))]))

    assert last(tale.facts(x(1), fact("call.answered", 2, seconds=90))) == (
        "客户接了电话（秒数 ≥ 60） → 去掉『hot』",
        "The customer answered a call (seconds ≥ 60) → tag hot removed",
    )


def test_later_versions_rename_stages_and_lose_them() -> None:
    renamed = story(rules(stages="AB")).then_from(3, rules(stages="CB", renames={"A": "C"}))
    lost = story(rules(stages="AB")).then_from(3, rules(stages="CB"))

    assert last(renamed.facts(x(1))) == (
        "规则册第 2 版生效 → 『A』改名为『C』",
        "Version 2 of the rulebook came into force → A is now called C",
    )
    assert last(lost.facts(x(1))) == (
        "规则册第 2 版生效时，不再有阶段『A』 → 从『A』到『C』",
        "When version 2 of the rulebook came into force, there was no stage A any more → moved from A to C",
    )


# Timers -------------------------------------------------------------------------------------------------------------

INTERACTIONS = ["message.received", "content.clicked", "content.viewed"]


@pytest.mark.parametrize(
    ("since", "zh", "en"),
    [
        ({"last": INTERACTIONS}, "14 天没有消息、点击或浏览", "No message, click or view for 14 days"),
        ({"last": "x"}, "14 天没有 x", "No x for 14 days"),
        ({"last": "*"}, "14 天没有任何动静", "No fact of any kind for 14 days"),
        ("stage_entry", "在『A』满 14 天", "14 days in A"),
        ({"first": "x"}, "首次 x 后满 14 天", "14 days after the first x"),
    ],
)
def test_a_timer_move_says_what_did_not_happen_for_how_long(since: Any, zh: str, en: str) -> None:
    tale = story(rules(move("A->B", after="14d", since=since))).facts(x(1))

    assert last(tale) == (f"{zh} → 从『A』到『B』", f"{en} → moved from A to B")


def test_a_timer_move_with_a_condition_says_both() -> None:
    document = rules(move("A->B", if_(any=[{"tag": "hot"}, {"not": {"tag": "cold"}}]), after="36h"))

    assert cause(story(document).facts(x(1))) == (
        "在『A』满 36 小时，且（有标签『hot』，或没有标签『cold』）",
        "36 hours in A, and (the customer had the tag hot or did not have the tag cold)",
    )


def test_moves_in_the_run_of_a_timer_name_the_occasion() -> None:
    expiry = rules(move("A->B", if_(**{"not": {"tag": "hot"}})), tags=[tag("hot", on("x"), expires="2d")])
    hold = rules(move("B->C", if_(seen="y")))
    then_after = rules(move("A->B", after="2d"), move("B->C", if_(in_stage_for="0s")))
    in_force = story(rules()).then_from(5, rules(move("A->B", if_(seen="x"))))

    assert cause(story(expiry).facts(x(1))) == (
        "有标签到期时，没有标签『hot』",
        "When a tag expired, the customer did not have the tag hot",
    )
    assert cause(story(hold).facts(x(1), set_to("B", 2, hold="3d"), y(4)))[0] == "手工保持期结束时，发生了 y"
    assert cause(story(then_after).facts(x(1))) == (
        "等待期满时，在本阶段已满 0 秒",
        "When the time was up, the customer had been in the stage for 0 seconds",
    )
    assert cause(in_force.facts(x(1)))[0] == "规则册第 2 版生效时，发生了 x"


def test_the_length_of_an_expiry_is_told_only_where_all_versions_agree_on_it() -> None:
    def document(expires: str) -> Document:
        return rules(tags=[tag("hot", on("x"), expires=expires)])

    tale = story(document("9d"))
    assert cause(tale.then_from(2, document("9d")).facts(x(1)))[0] == "标签『hot』的 9 天到期"
    assert cause(tale.then_from(2, document("3d")).facts(x(1)))[0] == "标签『hot』到期"


# Opportunities ------------------------------------------------------------------------------------------------------


def test_how_an_opportunity_opens_and_ends() -> None:
    tale = story(rules(opportunities=[card("card", on("y"), open_for="2d", closes=on("message.sent"))]))

    assert told(tale.facts(x(1), y(2))) == [
        (
            "发生了 y → 打开机会『card』，2 天后自动关闭",
            "y happened → opportunity card opened, closed again after 2 days",
        ),
        (
            "机会『card』的 2 天到期 → 关闭机会『card』",
            "The opportunity card ran out after 2 days → opportunity card closed",
        ),
    ]
    assert cause(tale.facts(x(1), y(2), fact("message.sent", 3))) == ("我们发了消息", "We sent a message")
    assert cause(tale.facts(x(1), y(2), done("card", 3, by="li"))) == ("li 标为完成", "li marked it done")
    assert cause(tale.then_from(3, rules()).facts(x(1), y(2))) == (
        "规则册第 2 版生效时，规则册里不再有这个机会",
        "When version 2 of the rulebook came into force, it is no longer in the rulebook",
    )


def test_an_opportunity_that_follows_a_condition_closes_when_it_no_longer_holds() -> None:
    document = rules(opportunities=[card("card", if_(tag="hot"))])

    assert cause(story(document).facts(x(1), tagged(2, "hot"), untagged(3, "hot"))) == (
        "有人手工去掉了『hot』时，没有标签『hot』",
        "When somebody removed hot, the customer did not have the tag hot",
    )


def test_where_a_step_does_not_say_what_closed_it_all_that_may_have_is_told() -> None:
    document = rules(opportunities=[card("card", if_(tag="hot"), closes=on("tag.removed", times={"at_least": 2}))])

    assert cause(story(document).facts(x(1), tagged(2, "hot"), untagged(3, "hot")))[0] == (
        "有人手工去掉了 2 次标签，或有人手工去掉了『hot』时，没有标签『hot』"
    )


# Facts and conditions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "zh", "en"),
    [
        ({"feedback": ["positive", "exploring"]}, "反馈为『positive』", "feedback is positive"),
        ({"keyword": ["电话", "语音"]}, "文字含『电话』", "text contains 电话"),
        ({"n": {"gte": 1, "lte": 2.5}}, "n ≥ 1 且 ≤ 2.5", "n ≥ 1 and ≤ 2.5"),
        ({"n": {"exists": True}, "m": {"exists": False}}, "n 有值，m 没有值", "n is given, m is not given"),
        ({"ok": True}, "ok 为是", "ok is true"),
    ],
)
def test_a_rule_on_a_fact_names_what_of_its_where_the_fact_met(where: Document, zh: str, en: str) -> None:
    said = fact("message.received", 2, feedback="positive", text="给我打电话", n=2, ok=True)

    assert cause(story(rules(tags=[tag("hot", on("message.received", where=where))])).facts(x(1), said)) == (
        f"客户发来了消息（{zh}）",
        f"The customer sent a message ({en})",
    )


def test_of_several_types_the_one_that_happened_is_named() -> None:
    document = rules(tags=[tag("hot", on(["message.received", "content.clicked"]))])

    assert cause(story(document).facts(x(1), clicked(2, "a"))) == ("客户点了内容", "The customer clicked content")


def test_of_several_types_counted_together_all_are_named() -> None:
    when = on(["y", "content.clicked", "message.received"], times={"at_least": 2, "within": "7d"})

    assert cause(story(rules(tags=[tag("hot", when)])).facts(x(1), y(2), y(3))) == (
        "7 天内客户发来了消息、点了内容或发生了 y，共 2 次",
        "The customer sent a message, clicked content or y happened 2 times within 7 days",
    )


def test_a_rule_with_when_and_if_says_both() -> None:
    document = rules(tags=[tag("hot", on("y"), if_(seen="content.sent", where={"content": ["ld-01"]}, within="3d"))])

    assert cause(story(document).facts(x(1), fact("content.sent", 2, content="ld-01"), y(3))) == (
        "发生了 y，且我们 3 天内发了『ld-01』",
        "y happened, and we sent ld-01 within 3 days",
    )


@pytest.mark.parametrize(
    ("condition", "zh", "en"),
    [
        ({"tag": ["hot", "warm"]}, "有标签『hot』或『warm』", "the customer had the tag hot or warm"),
        ({"stage": "A"}, "在阶段『A』", "the customer was in A"),
        ({"not": {"stage": "B"}}, "不在阶段『B』", "the customer was not in B"),
        ({"in_stage_for": "12h"}, "在本阶段已满 12 小时", "the customer had been in the stage for 12 hours"),
        ({"not": {"in_stage_for": "9d"}}, "在本阶段未满 9 天", "the customer had not been in the stage for 9 days"),
        ({"attribute": "plan", "in": ["a", "b"]}, "资料『plan』为『a』或『b』", "the attribute plan is a or b"),
        ({"attribute": "plan"}, "资料『plan』有值", "the attribute plan is given"),
        (
            {"not": {"attribute": "plan", "gte": "b"}},
            "资料『plan』不符合：≥ 『b』",
            "the attribute plan was not so: ≥ b",
        ),
        ({"seen": "x", "within": "3d"}, "3 天内发生了 x", "x happened within 3 days"),
        ({"not": {"seen": "call.made"}}, "没有去电", "there was no call of ours"),
        ({"count": "x", "at_least": 1, "at_most": 3}, "发生了 1 到 3 次 x", "x happened 1 to 3 times"),
        ({"count": "x", "at_most": 1}, "发生了最多 1 次 x", "x happened at most 1 time"),
        ({"count": "order.paid", "at_most": 0}, "没有付款", "there was no payment"),
        ({"not": {"count": "x", "at_least": 3}}, "发生了不到 3 次 x", "x happened fewer than 3 times"),
        (
            {"sum": "x", "field": "n", "within": "7d", "gte": 0.6},
            "7 天内 x 的 n 合计 ≥ 0.6",
            "n of every x within 7 days added up to ≥ 0.6",
        ),
        (
            {"all": [{"seen": "x"}, {"tag": "hot"}]},
            "发生了 x，且有标签『hot』",
            "x happened and the customer had the tag hot",
        ),
        (
            {"any": [{"tag": "hot"}, {"all": [{"tag": "a"}, {"tag": "b"}]}]},
            "有标签『hot』，或（有标签『a』，且有标签『b』）",
            "the customer had the tag hot or (the customer had the tag a and had the tag b)",
        ),
        (
            {"not": {"any": [{"tag": "a"}, {"tag": "b"}]}},
            "没有标签『a』，且没有标签『b』",
            "the customer did not have the tag a and did not have the tag b",
        ),
    ],
)
def test_every_condition_has_words(condition: Document, zh: str, en: str) -> None:
    judge = build(rules(move("A->B", {"if": condition})))
    said = trigger_in_words(judge.moves[0].trigger, judge)

    assert (said.zh, said.en) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (7 * 86_400, "7 天", "7 days"),
        (86_400, "1 天", "1 day"),
        (36 * 3_600, "36 小时", "36 hours"),
        (2 * 3_600, "2 小时", "2 hours"),
        (90 * 60, "90 分钟", "90 minutes"),
        (1, "1 秒", "1 second"),
        (0, "0 秒", "0 seconds"),
    ],
)
def test_durations_are_told_in_the_largest_whole_unit(seconds: int, zh: str, en: str) -> None:
    assert (length(seconds * SECOND).zh, length(seconds * SECOND).en) == (zh, en)


# What is not known --------------------------------------------------------------------------------------------------


def test_without_the_version_that_judged_the_fact_and_the_rule_are_told() -> None:
    moved = Step(day(1), "moved", Cause(clicked(1, "a"), None, "up", 7), "A", "B")
    timed = Step(day(1), "moved", Cause(None, "after", "silent", 7), "A", "B")
    judged_by_another: tuple[Version, ...] = (version(build(rules())),)

    for known in ((), judged_by_another):
        assert sentence(moved, known).zh == "客户点了『a』（规则『up』） → 从『A』到『B』"
        assert sentence(moved, known).en == "The customer clicked a (rule up) → moved from A to B"
        assert sentence(timed, known).zh == "等待期满（规则『silent』） → 从『A』到『B』"


def test_every_known_type_has_its_words_in_both_languages() -> None:
    assert set(VOCABULARY) == set(PUBLIC_FIELDS)
    for fact_type in VOCABULARY:
        phrase = phrase_for(fact_type)
        for words in (phrase.who, phrase.did, phrase.noun):
            assert words.zh
            assert words.en
        assert phrase.about is None or phrase.about in PUBLIC_FIELDS[fact_type]


# The law ------------------------------------------------------------------------------------------------------------


def names_of(step: Step) -> tuple[str, ...]:
    named = step.tag or step.opportunity
    return (named,) if named else tuple(filter(None, (step.origin, step.target)))


@given(cases())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_step_of_every_world_has_a_sentence_that_names_what_it_is_about(case: Case) -> None:
    known = versions(case.published)
    for step in folded(case).steps:
        for judging in (known, known[:1], ()):
            said = sentence(step, judging)
            for text in (said.zh, said.en):
                because, _, effect = text.partition(" → ")
                assert because.strip()
                assert all(name in effect for name in names_of(step)[-1:])
                assert "  " not in text
