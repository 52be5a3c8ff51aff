"""Made facts in a real log, texts of messages sealed, and backtests on its archive with and without keyword rules."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

from api.publishing import Draft, first, publish
from api.running_backtest import backtested
from api.wiring import Service
from backtest.engines import local
from bench.backtest_rules import FILE, candidate, keyword_candidate, question
from bench.made_facts import JOURNEY, SEED, facts_of, made_batch
from bench.measured import Measured, ratio
from bench.workbench import Workbench
from domain.facts import Fact
from event_log.judging import Stored

CORES: Final = 2
MOST_FACTS: Final = 200_000
REQUEST: Final = 1000
ROUNDS: Final = 3
TEXTS: Final = ("好的，谢谢老师", "今天有点忙，晚点看", "价格是多少钱？", "可以打电话聊聊吗", "收到", "孩子睡了再听")


@dataclass(frozen=True, slots=True)
class Log:
    """A database with the measured rulebook and made facts."""

    database: str
    facts: int

    def said(self, what: str) -> str:
        return f"{self.facts:,} facts of a log, {what}"


def filled_log(bench: Workbench, facts: int, say: Callable[[str], None]) -> Log:
    """With so many facts, but no more than can be stored in a while."""
    made = _with_texts(min(facts, MOST_FACTS))
    say(f"storing {len(made):,} facts in a log")
    database = bench.fresh_database()
    with bench.service(database) as service:
        draft = Draft(FILE.read_text(encoding="utf-8"), "A measurement.", effective_from=None)
        publish(service, JOURNEY, draft, by="bench", based_on=first)
        for begin in range(0, len(made), REQUEST):
            (outcome,) = service.log.intake.append([made[begin : begin + REQUEST]])
            assert isinstance(outcome, Stored), outcome
    return Log(database, len(made))


def measure_keywords(bench: Workbench, log: Log, say: Callable[[str], None]) -> list[Measured]:
    """Two rules that look into the text of every message, next to the same backtest without them."""
    with bench.service(log.database) as service:
        say("archiving a log")
        begun = perf_counter()
        service.archive.keep_up()
        archived = log.facts / (perf_counter() - begun)
        _rate(service, keyword_candidate())
        plain, sealed = [], []
        for turn in range(1, ROUNDS + 1):
            say(f"keyword rules, boxes opened, {turn} of {ROUNDS}")
            plain.append(_rate(service, candidate()))
            sealed.append(_rate(service, keyword_candidate()))
    without = Measured("log_facts_per_s", log.said("two rulebooks"), "facts/s", plain)
    opened = Measured("keyword_facts_per_s", log.said("2 keyword rules more, boxes opened"), "facts/s", sealed)
    return [
        Measured("archived_facts_per_s", log.said("archived from nothing"), "facts/s", [archived]),
        without,
        opened,
        ratio("keyword_vs_plain", "with keyword rules / without", opened, without),
    ]


def _rate(service: Service, asked: dict[str, Any]) -> float:
    """Facts a second of a whole backtest."""
    begun = perf_counter()
    result = backtested(service, question(asked), local(CORES), lambda what, done, of: None)
    return int(result.report["facts"]) / (perf_counter() - begun)


def _with_texts(facts: int) -> list[Fact]:
    batch = made_batch(facts, SEED)
    drawn = random.Random(SEED)
    return [
        replace(fact, data={**fact.data, "text": drawn.choice(TEXTS)}) if fact.type == "message.received" else fact
        for history in facts_of(batch, range(batch.columns.customers))
        for fact in history
    ]
