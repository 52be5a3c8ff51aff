"""What made a step, in words: what its rule asks for, who did it by hand, or which time had run out."""

from domain.facts import Fact
from domain.instants import Duration
from domain.journey.conditions_in_words import also, condition_in_words, trigger_in_words
from domain.journey.judged_step import JudgedStep
from domain.journey.phrases import comma, glued, length, named, nouns_of, spaced, told
from domain.journey.vocabulary import NOTHING, Sentence
from domain.rulebook.conditions import Trigger
from domain.rulebook.document import Move, OpportunityRule, TagRule


def because(about: JudgedStep) -> Sentence:
    step = about.step
    if step.kind == "closed":
        return _closed(about)
    if step.kind == "tag_removed" and step.cause.timer == "expiry":
        tag = Sentence(f"标签{named(step.tag or '').zh}", f"the tag {step.tag}")
        return _is_over(tag, about.agreed(about.expires_in))
    if step.cause.rule is None:
        return _without_a_rule(about)
    return _rule(about) or _of_an_unknown_rule(about)


def _rule(about: JudgedStep) -> Sentence | None:
    """What the rule asks for; ``None`` where the rule is not known."""
    judge, rule = about.judge, about.step.cause.rule
    if judge is None:
        return None
    match about.step.kind:
        case "entered":
            return _met(about, judge.enter) if judge.enter is not None else _occasion(about)
        case "left":
            return _met(about, judge.leave)
        case "tag_removed" if rule == "leave":
            left = _met(about, judge.leave)
            return left and comma(left, Sentence("客户离开旅程", "and the customer left the journey"))
        case "tag_added" | "tag_removed":
            return _rule_met(about, about.tag_rule)
        case "opened":
            return _rule_met(about, about.card)
    return _move(about, about.move)


def _move(about: JudgedStep, move: Move | None) -> Sentence | None:
    if move is None or move.after is None or about.judge is None:
        return _rule_met(about, move)
    return also(_waited(about, move, length(move.after)), move.trigger, about.judge)


def _waited(about: JudgedStep, move: Move, time: Sentence) -> Sentence:
    if move.anchor.matcher is None:
        return Sentence(f"在{about.origin.zh}满 {time.zh}", f"{time.en} in {about.origin.en}")
    nouns = nouns_of(move.anchor.matcher)
    if move.anchor.kind == "last":
        return Sentence(glued(time.zh, "没有", nouns.zh), f"no {nouns.en} for {time.en}")
    return Sentence(glued("首次", nouns.zh, f"后满 {time.zh}"), f"{time.en} after the first {nouns.en}")


def _rule_met(about: JudgedStep, rule: TagRule | Move | OpportunityRule | None) -> Sentence | None:
    return None if rule is None else _met(about, rule.trigger)


def _met(about: JudgedStep, trigger: Trigger | None) -> Sentence | None:
    """That a trigger held; what has no ``when`` held on an occasion."""
    if trigger is None or about.judge is None:
        return None
    words = trigger_in_words(trigger, about.judge, about.fact)
    return words if trigger.when is not None else _on_occasion(about, words)


def _without_a_rule(about: JudgedStep) -> Sentence:
    """By hand; or a version that came into force calls the stage otherwise, or has it no more."""
    fact, kind = about.fact, about.step.kind
    if fact is None:
        gone = Sentence(f"不再有阶段{about.origin.zh}", f"there was no stage {about.origin.en} any more")
        return _on_occasion(about, gone) if kind == "moved" else _occasion(about)
    if kind == "tag_added":
        return _by_hand(fact, Sentence("手工打标", "set the tag by hand"))
    if kind == "tag_removed":
        return _by_hand(fact, Sentence("手工去标", "took the tag away by hand"))
    return _by_hand(fact, Sentence("手工改了阶段", "set the stage by hand"))


def _of_an_unknown_rule(about: JudgedStep) -> Sentence:
    occasion, rule = _occasion(about), named(about.step.cause.rule or "")
    return Sentence(f"{occasion.zh}（规则{rule.zh}）", f"{occasion.en} (rule {rule.en})")


def _by_hand(fact: Fact, did: Sentence) -> Sentence:
    """Who did it and why, where the fact says so."""
    who, why = _said(fact, "by"), _said(fact, "reason")
    reason = Sentence(f"（原因：{why}）", f"(reason: {why})") if why else NOTHING
    zh, en = glued(who or "有人", did.zh) + reason.zh, spaced(who or "somebody", did.en, reason.en)
    return Sentence(zh, en)


def _said(fact: Fact, name: str) -> str:
    value = fact.data.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


# How an opportunity ends --------------------------------------------------------------------------------------------


def _closed(about: JudgedStep) -> Sentence:
    fact, card = about.fact, about.card
    if about.step.cause.timer == "open_for":
        opportunity = Sentence(f"机会{about.title.zh}", f"the opportunity {about.title.en}")
        return _is_over(opportunity, about.agreed(about.open_for_in))
    if fact is not None and _is_worked_by(fact, about):
        done, skipped = Sentence("标为完成", "marked it done"), Sentence("跳过", "skipped it")
        return _by_hand(fact, done if fact.type == "opportunity.done" else skipped)
    if about.judge is not None and card is None:
        return _on_occasion(about, Sentence("规则册里不再有这个机会", "it is no longer in the rulebook"))
    ways = _ways_to_close(about, card) if card is not None else []
    if not ways:
        return _of_an_unknown_rule(about)
    return Sentence("，或".join(way.zh for way in ways), ", or ".join(way.en for way in ways))


def _ways_to_close(about: JudgedStep, card: OpportunityRule) -> list[Sentence]:
    """What may have closed it, in the order in which the fold asks: a step alone does not always say which it was."""
    fact, judge = about.fact, about.judge
    assert judge is not None
    ways = []
    for trigger in (judge.leave if fact is not None else None, card.closes):
        if trigger is not None and _may_hold(trigger, fact):
            ways.append(_met(about, trigger))
            if trigger.condition is None and trigger.when is not None and trigger.when.at_least == 1:
                break
    else:
        if card.if_alone and card.trigger.condition is not None:
            ways.append(_on_occasion(about, condition_in_words(card.trigger.condition, judge, holds=False)))
    return [way for way in ways if way is not None]


def _may_hold(trigger: Trigger, fact: Fact | None) -> bool:
    return trigger.when is None or (fact is not None and trigger.when.matcher.matches(fact))


def _is_worked_by(fact: Fact, about: JudgedStep) -> bool:
    journey = about.judge.journey if about.judge is not None else fact.data.get("journey")
    return fact.type in ("opportunity.done", "opportunity.skipped") and (
        (fact.data.get("journey"), fact.data.get("rule")) == (journey, about.step.opportunity)
    )


# Occasions ----------------------------------------------------------------------------------------------------------


def _occasion(about: JudgedStep) -> Sentence:
    """The fact or the timer in whose run the step was made."""
    if about.fact is not None:
        return told(about.fact)
    match about.step.cause.timer:
        case "rulebook":
            number = about.step.cause.rulebook
            return Sentence(f"规则册第 {number} 版生效", f"version {number} of the rulebook came into force")
        case "expiry":
            return Sentence("有标签到期", "a tag expired")
        case "hold":
            return Sentence("手工保持期结束", "the hold ended")
    return Sentence("等待期满", "the time was up")


def _on_occasion(about: JudgedStep, words: Sentence) -> Sentence:
    occasion = _occasion(about)
    return comma(Sentence(glued(occasion.zh, "时"), f"when {occasion.en}"), words)


def _is_over(what: Sentence, time: Duration | None) -> Sentence:
    if time is None:
        return Sentence(f"{what.zh}到期", f"{what.en} ran out")
    return Sentence(f"{what.zh}的 {length(time).zh}到期", f"{what.en} ran out after {length(time).en}")
