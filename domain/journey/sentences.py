"""Why a step was made, as one sentence in Chinese and in English: what caused it → what it did."""

import re
from collections.abc import Sequence

from domain.instants import Duration, duration
from domain.journey.causes_in_words import because
from domain.journey.in_force import Version
from domain.journey.judged_step import JudgedStep, judged
from domain.journey.phrases import comma, length, named
from domain.journey.steps import Step
from domain.journey.vocabulary import Sentence
from domain.refusals import NotADuration

NEVER_ENTERED = Sentence("客户从未进入过这个旅程", "The customer has never been on this journey")

_OUR_WORDS = re.compile(r"(the|we|somebody|something|there|when|no|version) ")
"""How our own words begin; a name stays as it was written."""

_TAG_ENDS = Sentence("{}后自动去掉", "removed again after {}")
_CARD_ENDS = Sentence("{}后自动关闭", "closed again after {}")
_HELD = Sentence("保持 {}", "held for {}")


def sentence(step: Step, versions: Sequence[Version]) -> Sentence:
    """What made the step and what it did, in the words of the version that judged it.

    Without that version it says what is left to say: the fact or the timer, and the rule's id.
    """
    about = judged(step, versions)
    cause, effect = because(about), _effect(about)
    en = cause.en[:1].upper() + cause.en[1:] if _OUR_WORDS.match(cause.en) else cause.en
    return Sentence(f"{cause.zh} → {effect.zh}", f"{en} → {effect.en}")


def _effect(about: JudgedStep) -> Sentence:
    tag, title, origin, target = named(about.step.tag or ""), about.title, about.origin, about.target
    match about.step.kind:
        case "entered":
            return Sentence(f"进入旅程，站在{target.zh}", f"entered the journey at {target.en}")
        case "left":
            return Sentence(f"离开旅程，之前在{origin.zh}", f"left the journey, was in {origin.en}")
        case "moved":
            moved = Sentence(f"从{origin.zh}到{target.zh}", f"moved from {origin.en} to {target.en}")
            return _then(moved, _HELD, _hold(about))
        case "renamed":
            return Sentence(f"{origin.zh}改名为{target.zh}", f"{origin.en} is now called {target.en}")
        case "tag_added":
            rule = about.tag_rule
            return _then(Sentence(f"打上{tag.zh}", f"tagged {tag.en}"), _TAG_ENDS, rule.expires if rule else None)
        case "tag_removed":
            return Sentence(f"去掉{tag.zh}", f"tag {tag.en} removed")
        case "opened":
            opened = Sentence(f"打开机会{title.zh}", f"opportunity {title.en} opened")
            return _then(opened, _CARD_ENDS, about.card.open_for if about.card else None)
        case "closed":
            return Sentence(f"关闭机会{title.zh}", f"opportunity {title.en} closed")


def _then(effect: Sentence, what: Sentence, after: Duration | None) -> Sentence:
    if not after:
        return effect
    time = length(after)
    return comma(effect, Sentence(what.zh.format(time.zh), what.en.format(time.en)))


def _hold(about: JudgedStep) -> Duration | None:
    """The hold of a move by hand."""
    fact, written = about.fact, about.fact.data.get("hold") if about.fact is not None else None
    if fact is None or about.step.cause.rule is not None or not isinstance(written, str):
        return None
    try:
        return duration(written)
    except NotADuration:
        return None
