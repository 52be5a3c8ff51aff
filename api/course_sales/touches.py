"""The sequences of 知行学堂: which content goes out when, stage by stage; a content goes to a customer once."""

from typing import Final, NamedTuple

from api.course_sales.rhythm import HOUR, MINUTE
from domain.instants import Duration


class Touch(NamedTuple):
    """``gap`` counts local days from the entry into the stage or from the touch before."""

    id: str
    content: str
    gap: int
    clock: Duration


AFTER_WORK: Final = 18 * HOUR + 40 * MINUTE
AFTER_SUPPER: Final = 20 * HOUR + 30 * MINUTE
BEFORE_SLEEP: Final = 22 * HOUR

SEQUENCES: Final[dict[str, tuple[Touch, ...]]] = {
    "lead": (
        Touch("l1", "ld-01", 1, AFTER_SUPPER),
        Touch("l2", "ld-02", 1, AFTER_WORK),
        Touch("l3", "ld-03", 1, AFTER_SUPPER),
        Touch("l4", "ld-04", 1, BEFORE_SLEEP),
        Touch("l5", "ld-05", 1, 7 * HOUR),
        Touch("l6", "ld-06", 3, AFTER_WORK),
        Touch("l7", "ld-07", 2, AFTER_SUPPER),
        Touch("l8", "ld-08", 3, AFTER_SUPPER),
    ),
    "mql": tuple(
        Touch("m", content, gap, AFTER_SUPPER)
        for content, gap in (
            ("mq-01", 1),
            ("mq-02", 3),
            ("mq-03", 3),
            ("mq-04", 3),
            ("mq-w1", 3),
            ("mq-05", 3),
            ("mq-06", 3),
            ("mq-07", 3),
        )
    ),
    "sql": (
        Touch("s0", "sq-00", 0, 0),
        *(Touch("s", f"sq-0{number}", 2 if number > 1 else 0, BEFORE_SLEEP) for number in range(1, 8)),
    ),
    "won": (
        Touch("w1", "wn-01", 0, 0),
        Touch("w2", "wn-02", 1, AFTER_SUPPER),
        Touch("w3", "wn-03", 2, AFTER_SUPPER),
        Touch("n1", "nps-7", 4, 10 * HOUR),
        Touch("w4", "wn-04", 7, AFTER_SUPPER),
        Touch("w5", "wn-05", 7, AFTER_SUPPER),
        Touch("n2", "nps-30", 9, 10 * HOUR),
        Touch("w6", "wn-06", 5, AFTER_SUPPER),
    ),
    "dormant": tuple(Touch("d", f"dm-0{number}", 8 if number > 1 else 7, AFTER_SUPPER) for number in range(1, 8)),
}

AFTERWARDS: Final = Touch("c", "case-library", 7, AFTER_WORK)
"""For who has received a whole sequence."""

TRIAL: Final = frozenset({"ld-07", "mq-05"})
"""These lead to the trial lesson."""
PRICED: Final = frozenset({"mq-04", "mq-07", "sq-00", "sq-03", "sq-05", "sq-06"})
"""These lead to the price list."""
SAY_ONE: Final = frozenset({"ld-01", "dm-01"})
"""These say: answer 1 for the self test."""
SURVEYS: Final = {"nps-7": "nps-onboarding", "nps-30": "nps-finish"}
