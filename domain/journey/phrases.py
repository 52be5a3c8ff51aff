"""How facts are put into words, in Chinese and in English."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.facts import Fact
from domain.instants import SECOND, Duration
from domain.journey.vocabulary import NOTHING, VOCABULARY, Phrase, Sentence, field_named, phrase_for
from domain.rulebook.conditions import Keyword, Matcher, Predicate, Scalar, alike

AND = Sentence("且", "and")
OR = Sentence("或", "or")

_PLACES = {fact_type: place for place, fact_type in enumerate(VOCABULARY)}


# Words --------------------------------------------------------------------------------------------------------------


def glued(*parts: str) -> str:
    """Chinese: no spaces but between a Chinese character and a Latin letter or a digit."""
    text = ""
    for part in filter(None, parts):
        text += f" {part}" if text and _meet(text[-1], part[0]) else part
    return text


def spaced(*parts: str) -> str:
    return " ".join(filter(None, parts))


def phrase_of(*parts: Sentence) -> Sentence:
    return Sentence(glued(*(part.zh for part in parts)), spaced(*(part.en for part in parts)))


def comma(first: Sentence, second: Sentence) -> Sentence:
    return Sentence(f"{first.zh}，{second.zh}", f"{first.en}, {second.en}")


def listed(parts: Sequence[Sentence], word: Sentence) -> Sentence:
    """``消息、点击或浏览``, ``message, click or view``: the word stands between the last two."""
    if not parts:
        return NOTHING
    *others, last = parts
    zh, en = "、".join(part.zh for part in others), ", ".join(part.en for part in others)
    return Sentence(glued(zh, word.zh, last.zh), spaced(en, word.en, last.en)) if others else last


def either(parts: Sequence[Sentence]) -> Sentence:
    return listed(parts, OR)


def length(duration: Duration) -> Sentence:
    """In the largest of days, hours, minutes and seconds that divides it."""
    for unit, zh, en in ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second")):
        number, rest = divmod(duration, unit * SECOND)
        if (number and not rest) or unit == 1:
            return Sentence(f"{number} {zh}", _plural(str(number), en))
    raise AssertionError(duration)


def times(number: int | str) -> Sentence:
    return Sentence(f"{number} 次", _plural(str(number), "time"))


def named(name: str) -> Sentence:
    """A name as the rulebook writes it: ``『关注价格』``."""
    return Sentence(f"『{name}』", name or '""')


def named_by_title(title: Mapping[str, str], fallback: str) -> Sentence:
    """By the title in each language, else by the id."""
    return Sentence(named(title.get("zh") or fallback).zh, named(title.get("en") or fallback).en)


def value(written: Any) -> Sentence:
    if isinstance(written, str):
        return named(written)
    if isinstance(written, bool):
        return Sentence("是", "true") if written else Sentence("否", "false")
    return Sentence(f"{written}", f"{written}")


def predicate_in_words(predicate: Predicate | Keyword) -> Sentence:
    if isinstance(predicate, Keyword):
        texts = either([named(text) for text in predicate.texts])
        return phrase_of(Sentence("含", "contains"), texts)
    parts = []
    if predicate.exists is not None:
        parts.append(Sentence("有值", "is given") if predicate.exists else Sentence("没有值", "is not given"))
    if predicate.one_of is not None:
        parts.append(phrase_of(Sentence("为", "is"), either([value(option) for option in predicate.one_of])))
    return listed([*parts, *bounds(predicate.gte, predicate.lte)], AND)


def bounds(gte: Scalar | None, lte: Scalar | None) -> list[Sentence]:
    return [
        Sentence(f"{sign} {value(bound).zh}", f"{sign} {value(bound).en}")
        for sign, bound in (("≥", gte), ("≤", lte))
        if bound is not None
    ]


# Facts --------------------------------------------------------------------------------------------------------------


def happened(matcher: Matcher, count: Sentence = NOTHING, within: Duration | None = None) -> Sentence:
    """``客户 7 天内点了 2 次『price-list』``: that such facts happened, how often and in which window."""
    before, after = _window(within)
    types = _types(matcher)
    if len(types) > 1:
        clauses = either(_clauses(types))
        counted = Sentence(f"，共 {count.zh}" if count.zh else "", count.en)
        return phrase_of(Sentence(before, ""), clauses, _where(matcher.where), counted, Sentence("", after))
    phrase = phrase_for(types[0])
    what, where = _what(phrase, matcher)
    return Sentence(
        glued(phrase.who.zh, before, phrase.did.zh, count.zh, what.zh) + where.zh,
        spaced(phrase.who.en, phrase.did.en, what.en, where.en, count.en, after),
    )


def nothing_happened(matcher: Matcher, within: Duration | None = None) -> Sentence:
    """``14 天内没有消息、点击或浏览``."""
    before, after = _window(within)
    nouns = nouns_of(matcher)
    return Sentence(glued(before, "没有", nouns.zh), spaced("there was no", nouns.en, after))


def nouns_of(matcher: Matcher) -> Sentence:
    nouns = either([phrase_for(fact_type).noun for fact_type in _types(matcher)])
    return phrase_of(nouns, _where(matcher.where))


def told(fact: Fact) -> Sentence:
    """That this fact happened."""
    about = phrase_for(fact.type).about
    what = fact.data.get(about) if about is not None else None
    where = ((about, Predicate((what,))),) if about is not None and isinstance(what, str) and what else ()
    return happened(Matcher(frozenset({fact.type}), where))


def narrowed(matcher: Matcher, fact: Fact) -> Matcher:
    """Of the types and values a rule would take, those that this fact has."""
    where = tuple((name, _met(predicate, fact.data.get(name))) for name, predicate in matcher.where)
    return Matcher(frozenset({fact.type}), where)


def _types(matcher: Matcher) -> list[str | None]:
    if not matcher.types:
        return [None]
    return [*sorted(matcher.types, key=lambda name: (_PLACES.get(name, len(_PLACES)), name))]


def _clauses(types: Iterable[str | None]) -> list[Sentence]:
    """Who did what, type by type; who is named again only where it is somebody else."""
    clauses, before = [], NOTHING
    for phrase in map(phrase_for, types):
        clauses.append(phrase_of(NOTHING if phrase.who == before else phrase.who, phrase.did, phrase.what))
        before = phrase.who
    return clauses


def _what(phrase: Phrase, matcher: Matcher) -> tuple[Sentence, Sentence]:
    """The object of the phrase, and the rest of ``where`` in brackets."""
    found = dict(matcher.where).get(phrase.about or "")
    if not isinstance(found, Predicate) or not found.one_of or found != Predicate(found.one_of):
        return phrase.what, _where(matcher.where)
    rest = tuple((name, predicate) for name, predicate in matcher.where if name != phrase.about)
    name = _content if phrase.about == "content" else value
    return either([name(option) for option in found.one_of]), _where(rest)


def _content(option: Scalar) -> Sentence:
    """What is called by a Chinese word is read without brackets."""
    is_word = isinstance(option, str) and option and all(map(_is_chinese, option))
    return Sentence(str(option), str(option)) if is_word else value(option)


def _where(where: Sequence[tuple[str, Predicate | Keyword]]) -> Sentence:
    if not where:
        return NOTHING
    parts = [_field_in_words(name, predicate) for name, predicate in where]
    return Sentence(f"（{'，'.join(part.zh for part in parts)}）", f"({', '.join(part.en for part in parts)})")


def _field_in_words(name: str, predicate: Predicate | Keyword) -> Sentence:
    return phrase_of(field_named(name), predicate_in_words(predicate))


def _met(predicate: Predicate | Keyword, found: Any) -> Predicate | Keyword:
    if isinstance(predicate, Keyword):
        contained = tuple(text for text in predicate.texts if isinstance(found, str) and text in found)
        return Keyword(contained or predicate.texts)
    if predicate.one_of is None:
        return predicate
    return replace(predicate, one_of=tuple(option for option in predicate.one_of if alike(found, option)))


def _window(within: Duration | None) -> tuple[str, str]:
    return ("", "") if within is None else (f"{length(within).zh}内", f"within {length(within).en}")


def _plural(number: str, unit: str) -> str:
    return f"{number} {unit}" if number in ("1", "at least 1", "at most 1") else f"{number} {unit}s"


def _meet(before: str, after: str) -> bool:
    if after in "≥≤":
        return before not in "：（"
    return (_is_chinese(before) and _is_latin(after)) or (_is_latin(before) and _is_chinese(after))


def _is_chinese(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff"


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
