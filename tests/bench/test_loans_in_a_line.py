"""What the table says of a report."""

from typing import Any

from bench.backtest_loans import in_a_line


def report(
    stages: dict[str | None, tuple[int, int]], first: list[tuple[str | None, int]], sweep: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "stages": [
            {"stage": stage, "published": before, "candidate": after} for stage, (before, after) in stages.items()
        ],
        "differ": {
            "customers": sum(customers for _, customers in first),
            "first": [{"rule": rule, "customers": customers} for rule, customers in first],
        },
        "sweep": sweep,
    }


def test_it_says_who_gains_and_loses_and_what_makes_the_first_difference() -> None:
    said = in_a_line(report({"won": (5, 5), "dormant": (10, 3), None: (0, 7)}, [("sleep", 6), ("wake", 1)]))

    assert said == "7 differ, first of all by sleep (6); at the end dormant -7, off the journey +7"


def test_it_says_that_nobody_moves() -> None:
    assert in_a_line(report({"won": (5, 5)}, [])) == "0 differ; nobody stands elsewhere at the end"


def test_it_says_what_a_varied_value_does() -> None:
    def run(value: str, differ: int, precision: float | None) -> dict[str, Any]:
        return {"value": value, "differ": differ, "cards": 9, "outcomes": {"precision": precision}}

    swept = {"path": "tags.fresh.expires", "runs": [run("1d", 4, 0.291), run("3d", 0, None)]}

    said = in_a_line(report({}, [], swept))

    assert said.endswith("tags.fresh.expires: 1d 9 card days, precision 29%, 3d 9 card days, precision 0%")
