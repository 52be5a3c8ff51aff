"""Compiles all machine code there is, so that not every worker of pytest does it (``python -m tests.warm``)."""

from dataclasses import replace
from time import perf_counter

from backtest.engines import local
from backtest.history import FileHistory
from backtest.run import backtest
from backtest.varying import Vary
from bench.backtest_rules import candidate, published, question
from bench.made_facts import facts_of, made_batch

FACTS = 2_000


def main() -> None:
    """A backtest that leaves nothing out."""
    batch = made_batch(FACTS)
    facts = [fact for history in facts_of(batch, range(batch.columns.customers)) for fact in history]
    asked = replace(question(candidate()), vary=Vary("moves.silent.after", ("7d",)))
    backtest(asked, FileHistory(facts), published(), local(1), lambda _: None, perf_counter)


if __name__ == "__main__":
    main()
