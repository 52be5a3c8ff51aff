"""A small rulebook of a course's sales, and a month of facts about a few people, some of them late."""

from collections.abc import Sequence

from domain.facts import Fact
from domain.instants import DAY, Instant, instant
from tests.projections.fresh import assert_rows_are_a_fresh_fold
from tests.projections.world import JOURNEY, Document, World

COURSE: Document = {
    "journey": JOURNEY,
    "manual_tags": ["vip"],
    "stages": [{"id": "lead", "initial": True}, *({"id": stage} for stage in ("mql", "sql", "won", "dormant"))],
    "enter": {"when": {"fact": "contact.added"}},
    "leave": {"when": {"fact": ["contact.removed", "contact.blocked"]}},
    "tags": [
        {
            "id": "price",
            "when": {"fact": "content.clicked", "times": {"at_least": 2, "within": "7d"}},
            "add": "price-interest",
            "expires": "21d",
        },
        {
            "id": "call",
            "when": {"fact": "message.received", "where": {"keyword": ["电话"]}},
            "add": "wants-call",
            "expires": "7d",
        },
    ],
    "moves": [
        {"id": "paid", "to": "won", "when": {"fact": "order.paid"}},
        {"id": "to-sql", "from": ["lead", "mql"], "to": "sql", "if": {"tag": "wants-call"}},
        {"id": "to-mql", "from": "lead", "to": "mql", "if": {"tag": "price-interest"}},
        {"id": "cool", "from": "sql", "to": "mql", "after": "10d", "since": {"last": "message.received"}},
        {"id": "silent", "from": ["lead", "mql"], "to": "dormant", "after": "14d", "since": {"last": "*"}},
    ],
    "opportunities": [
        {"id": "call", "kind": "call", "title": "想通话", "if": {"tag": "wants-call"}, "rank": 60, "open_for": "2d"},
    ],
}
STORY: Sequence[tuple[int, int, str, str, dict[str, str]]] = (
    # learned on day, happened on day, customer, type, data
    (1, 1, "李雷", "contact.added", {"staff": "zhang"}),
    (1, 1, "韩梅梅", "contact.added", {"staff": "wang"}),
    (2, 2, "李雷", "content.clicked", {"content": "price-list"}),
    (3, 3, "李雷", "content.clicked", {"content": "price-list"}),
    (3, 3, "stranger", "message.received", {"text": "谁?"}),
    (4, 4, "韩梅梅", "message.received", {"text": "方便电话吗"}),
    (6, 5, "李雷", "staff.assigned", {"staff": "wang"}),
    (18, 8, "李雷", "message.received", {"text": "打电话给我"}),
    (20, 20, "韩梅梅", "order.paid", {"amount": "1"}),
    (21, 1, "late", "contact.added", {"staff": "zhang"}),
    (22, 22, "韩梅梅", "contact.removed", {"by": "customer"}),
    (24, 24, "韩梅梅", "contact.added", {"staff": "li"}),
    (24, 24, "李雷", "tag.added", {"tag": "vip"}),
)


def day(number: float) -> Instant:
    return instant("2026-03-01T00:00:00Z") + round((number - 1) * DAY)


def tell(world: World, follow: bool = True) -> None:
    """The story day by day, up to the first of April; a follower may be awake on each of the days."""
    for today in range(1, 32):
        world.it_is(day(today))
        facts = [
            Fact("s", str(number), type, customer, day(happened), data=data)
            for number, (learned, happened, customer, type, data) in enumerate(STORY)
            if learned == today
        ]
        if facts:
            world.learns(*facts)
        if follow:
            world.follows()
            assert_rows_are_a_fresh_fold(world.database, world.log)
    world.it_is(day(32))
    world.follows()
