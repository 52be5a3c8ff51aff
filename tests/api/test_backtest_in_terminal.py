"""A report in the terminal: all of it at 80 and at 120 columns, and Chinese names keep the columns in line."""

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from api.backtest_in_terminal import Language, show_backtest
from api.differing import Differing
from domain.instants import instant
from domain.journey.vocabulary import Sentence
from tests.api.backtest_example import example_report

WHY = Sentence("7 天没有来信、点击或浏览 → 从潜客到沉默", "No message received for 7 days → moved from Lead to Dormant")
HER = Differing("wmAbc123", "lead", "dormant", 0, 0, instant("2026-01-08T00:00:00Z"), "candidate", WHY)
ERASED = Differing(None, "lead", None, 0, None, instant("2026-01-09T00:00:00Z"), "published", WHY)


def shown(report: dict[str, Any], width: int = 120, language: Language = "zh", *first: Differing) -> list[str]:
    file = io.StringIO()
    show_backtest(report, first, language, Console(file=file, width=width, markup=False, highlight=False))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def row(lines: list[str], *words: str) -> list[str]:
    """The cells of the first line that begins with these words."""
    found = next(line.split() for line in lines if line.split()[: len(words)] == list(words))
    return found[len(words) :]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width: int) -> None:
    lines = shown(example_report(2_000_000, 400, 40), width, "zh", HER, ERASED)

    assert max(map(cell_len, lines)) <= width
    assert not any("…" in line for line in lines)
    assert row(lines, "dormant", "沉默") == ["800,000", "913,330", "+113,330"]


def test_each_part_says_what_the_report_says() -> None:
    report = example_report()
    lines = shown(report, 120, "zh", HER, ERASED)
    text = "\n".join(lines)

    assert lines[0] == "j 课程私域"
    assert row(lines, "lead", "→", "dormant") == ["silent", "after", "7,000", "11,000", "+4,000"]
    assert row(lines, "mql", "→", "refused") == ["by", "hand", "fact", "200", "200"]
    assert row(lines, "dormant", "mql") == ["3"]
    assert row(lines, "candidate", "opened", "chat") == ["chat", "378"]
    assert row(lines, "wmAbc123", "2026-01-08T00:00:00Z", "candidate") == WHY.zh.split()
    assert row(lines, "(erased)")[1] == "published"
    assert row(lines, "all") == ["9,800", "7,890", "-1,910", "7,395"]
    assert row(lines, "of", "them", "foreseen") == ["870", "(72.5%)", "810", "(67.5%)"]
    assert report["outcomes"]["observed"]["zh"] in text
    assert "18,864 would stay where they are; 12 opportunities would open, 340 close." in text
    assert row(lines, "21d") == ["700", "420", "7,400", "14.1%", "57.5%"]
    assert "Skipped   4 erased" in lines


def test_chinese_names_keep_the_columns_in_line() -> None:
    lines = shown(example_report())
    begin = lines.index("Where they stand at the end")
    table = [line for line in lines[begin + 4 : begin + 12] if line]

    # Up to the end of the third cell, the published figure; a wide letter takes two cells.
    figures = [(line, line.split()[2]) for line in table[:6]]
    ends = {cell_len(line[: line.index(figure) + len(figure)]) for line, figure in figures}
    assert len(table) == 7
    assert len(ends) == 1, table


def test_names_and_sentences_come_in_english_too() -> None:
    text = "\n".join(shown(example_report(), 120, "en", HER))

    assert "Course sales" in text
    assert WHY.en in text
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_where_nothing_differs_it_says_so() -> None:
    report = example_report(100, 1, 2) | {"outcomes": None, "sweep": None, "moves": [], "known": None}
    report["flow"] = [{"published": None, "candidate": None, "customers": 100}]
    report["differ"] = {"customers": 0, "elsewhere": 0, "first": []}
    report["board"] = {"days": [], "sellers": []}
    report["in_flight"] |= {"moves": []}
    report["days"] = {"dates": [], "published": [], "candidate": []}
    report["period"] |= {"from": None}
    report["candidate"] |= {"based_on": None}
    text = "\n".join(shown(report, 80))

    assert "Nobody stands elsewhere at the end." in text
    assert "0 customers differ in some step" in text
    assert "No card on any day." in text
    assert "always to" in text
    assert "based on no version" in text


def test_what_is_too_long_is_cut_with_a_word_on_it() -> None:
    report = example_report(sellers=40)
    report["differ"]["first"] = report["differ"]["first"] * 5
    text = "\n".join(shown(report))

    assert "and 28 more rows in the JSON" in text
    assert "and 8 more rows in the JSON" in text
