"""How the conditions and triggers of a rulebook are put into words, in Chinese and in English."""

from collections.abc import Iterator, Sequence

from domain.facts import Fact
from domain.journey.phrases import (
    AND,
    OR,
    bounds,
    either,
    glued,
    happened,
    length,
    listed,
    named,
    named_by_title,
    narrowed,
    nothing_happened,
    nouns_of,
    phrase_of,
    predicate_in_words,
    times,
)
from domain.journey.vocabulary import NOTHING, Sentence, field_named
from domain.rulebook.conditions import (
    MILLIONTHS,
    All,
    Any_,
    Condition,
    Counted,
    HasAttribute,
    HasTag,
    InStage,
    InStageFor,
    Not,
    Summed,
    Trigger,
    When,
)
from domain.rulebook.document import Rulebook


def stage_named(rulebook: Rulebook | None, stage: str) -> Sentence:
    titles = {} if rulebook is None else {known.id: known.title for known in rulebook.stages}
    return named_by_title(titles.get(stage, {}), stage)


def trigger_in_words(trigger: Trigger, rulebook: Rulebook, fact: Fact | None = None) -> Sentence:
    """What a rule asks for; with the fact that met its ``when``, only as much of it as that fact met."""
    if trigger.when is None:
        return NOTHING if trigger.condition is None else condition_in_words(trigger.condition, rulebook)
    return also(_when(trigger.when, fact), trigger, rulebook)


def also(words: Sentence, trigger: Trigger, rulebook: Rulebook) -> Sentence:
    """The words, and the condition of the trigger if it has one."""
    if trigger.condition is None:
        return words
    condition = _bracketed(trigger.condition, rulebook, True, AND)
    return Sentence(glued(f"{words.zh}，且", condition.zh), f"{words.en}, and {condition.en}")


def condition_in_words(condition: Condition, rulebook: Rulebook, holds: bool = True) -> Sentence:
    """That a condition holds, or that it does not; "not" is told by what it stands before."""
    match condition:
        case Not():
            return condition_in_words(condition.condition, rulebook, not holds)
        case All() | Any_():
            return _several(condition, rulebook, holds)
        case HasTag():
            return phrase_of(_HAD_TAG[holds], either([named(tag) for tag in condition.tags]))
        case InStage():
            return phrase_of(_WAS_IN[holds], either([stage_named(rulebook, stage) for stage in condition.stages]))
        case InStageFor():
            return phrase_of(_STAYED[holds], length(condition.length))
        case HasAttribute():
            return _attribute(condition, holds)
        case Counted():
            return _counted(condition, holds)
        case Summed():
            return _summed(condition, holds)
    raise TypeError(condition)


_HAD_TAG = Sentence("没有标签", "the customer did not have the tag"), Sentence("有标签", "the customer had the tag")
_WAS_IN = Sentence("不在阶段", "the customer was not in"), Sentence("在阶段", "the customer was in")
_STAYED = (
    Sentence("在本阶段未满", "the customer had not been in the stage for"),
    Sentence("在本阶段已满", "the customer had been in the stage for"),
)


def _when(when: When, fact: Fact | None) -> Sentence:
    if when.at_least > 1:
        return happened(when.matcher, times(when.at_least), when.matcher.within)
    return happened(when.matcher if fact is None else narrowed(when.matcher, fact))


def _several(condition: All | Any_, rulebook: Rulebook, holds: bool) -> Sentence:
    word = _word(condition, holds)
    parts = [_bracketed(member, rulebook, holds, word) for member in condition.conditions]
    zh = ""
    for part in parts:
        zh = glued(zh, f"，{word.zh}" if zh else "", part.zh)
    return Sentence(zh, f" {word.en} ".join(_who_once(parts)))


def _word(condition: All | Any_, holds: bool) -> Sentence:
    return AND if isinstance(condition, All) == holds else OR


def _bracketed(condition: Condition, rulebook: Rulebook, holds: bool, beside: Sentence) -> Sentence:
    """A condition beside others, in brackets where its own word is not the one that joins them."""
    words = condition_in_words(condition, rulebook, holds)
    while isinstance(condition, Not):
        condition, holds = condition.condition, not holds
    if isinstance(condition, All | Any_) and len(condition.conditions) > 1 and _word(condition, holds) != beside:
        return Sentence(f"（{words.zh}）", f"({words.en})")
    return words


def _who_once(parts: Sequence[Sentence]) -> Iterator[str]:
    """``the customer had the tag a or had the tag b``."""
    who = "the customer "
    for before, part in zip((NOTHING, *parts), parts, strict=False):
        yield part.en.removeprefix(who) if before.en.startswith(who) else part.en


def _attribute(condition: HasAttribute, holds: bool) -> Sentence:
    attribute = Sentence(f"资料『{condition.name}』", f"the attribute {condition.name}")
    is_so = NOTHING if holds else Sentence("不符合：", "was not so:")
    return phrase_of(attribute, is_so, predicate_in_words(condition.predicate))


def _counted(condition: Counted, holds: bool) -> Sentence:
    matcher, within, least, most = condition.matcher, condition.matcher.within, condition.at_least, condition.at_most
    if (least, most) == (1, None):
        return happened(matcher, within=within) if holds else nothing_happened(matcher, within)
    if most == 0 and not least:
        return nothing_happened(matcher, within) if holds else happened(matcher, within=within)
    return happened(matcher, _number(least, most) if holds else _other_number(least, most), within)


def _number(least: int | None, most: int | None) -> Sentence:
    if most is None:
        return phrase_of(Sentence("至少", "at least"), times(least or 0))
    if least is None:
        return phrase_of(Sentence("最多", "at most"), times(most))
    return Sentence(f"{least} 到 {most} 次", f"{least} to {most} times")


def _other_number(least: int | None, most: int | None) -> Sentence:
    fewer = [] if least is None else [phrase_of(Sentence("不到", "fewer than"), times(least))]
    more = [] if most is None else [phrase_of(Sentence("超过", "more than"), times(most))]
    return either([*fewer, *more])


def _summed(condition: Summed, holds: bool) -> Sentence:
    within = NOTHING if condition.matcher.within is None else length(condition.matcher.within)
    before, after = (f"{within.zh}内", f"within {within.en}") if within.zh else ("", "")
    field = field_named(condition.matcher.summed or "")
    total = listed(bounds(_amount(condition.gte), _amount(condition.lte)), AND)
    of_all = phrase_of(nouns_of(condition.matcher), Sentence("的", ""), Sentence(field.zh, ""))
    summed = Sentence("合计" if holds else "合计不符合：", "added up to" if holds else "did not add up to")
    return phrase_of(
        Sentence(before, ""), Sentence("", f"{field.en} of every"), of_all, Sentence("", after), summed, total
    )


def _amount(in_millionths: int | None) -> int | float | None:
    if in_millionths is None:
        return None
    return in_millionths // MILLIONTHS if in_millionths % MILLIONTHS == 0 else in_millionths / MILLIONTHS
