"""The measured rulebook, and what is asked of it."""

from pathlib import Path
from typing import Any, Final

from backtest.question import Outcome, Question, question_of
from bench.made_facts import END
from domain.instants import DAY, instant
from domain.journey.in_force import Version, version
from domain.rulebook.document import Rulebook
from domain.rulebook.reader import read, rulebook_of

FILE: Final = Path(__file__).parent / "rulebooks" / "course.yaml"
SINCE: Final = instant("2024-01-01T00:00:00Z")


def document() -> dict[str, Any]:
    """24 tag rules, 12 moves, 3 timers, 2 kinds of cards."""
    return read(FILE.read_text(encoding="utf-8")).document


def published() -> list[Version]:
    return [version(rulebook_of(document()))]


def without_cards() -> Rulebook:
    """The tag rules, moves and timers alone: what the kernel is measured by."""
    return rulebook_of({name: part for name, part in document().items() if name != "opportunities"})


def candidate() -> dict[str, Any]:
    """Customers fall silent after three weeks instead of two, and prices must be looked at three times."""
    changed = document()
    _rule(changed["moves"], "silent")["after"] = "21d"
    _rule(changed["tags"], "price")["when"]["times"]["at_least"] = 3
    return changed


def keyword_candidate() -> dict[str, Any]:
    """Who writes of a call or of the price is tagged: the texts of messages are sealed."""
    changed = candidate()
    for tag, words in (("wants-call", ["电话", "语音"]), ("price-interest", ["价格", "多少钱"])):
        when = {"fact": "message.received", "where": {"keyword": words}}
        changed["tags"].append({"id": f"says-{tag}", "when": when, "add": tag, "expires": "7d"})
    return changed


def question(asked: dict[str, Any]) -> Question:
    """A year of it, with orders within a week of a card as the outcome."""
    return question_of(asked, rulebook_of(asked), SINCE, END, Outcome("order.paid", 7 * DAY))


def _rule(rules: list[dict[str, Any]], id: str) -> dict[str, Any]:
    (found,) = (rule for rule in rules if rule["id"] == id)
    return found
