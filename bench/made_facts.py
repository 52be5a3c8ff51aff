"""Facts of a course business by the million, made from a seed and written as splits of an archive.

Customers have lognormal numbers of facts, which come in bursts over weeks or months. All types and fields are public,
so there are no sealed files; who needs boxes to open stores ``facts_of`` some customers in a real log.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from batch_fold.columns import ABSENT, NUMBER, Batch, Columns, Field
from batch_fold.record_files import Folder
from batch_fold.segments import write_facts
from batch_fold.splits import Split
from domain.facts import Fact
from domain.instants import DAY, SECOND, instant

SEED: Final = 2026
SPLITS: Final = 16
BEGIN: Final = instant("2023-01-01T00:00:00Z")
END: Final = instant("2025-01-01T00:00:00Z")
JOURNEY: Final = "course-sales"

_MEDIAN, _SPREAD = 30.0, 1.0
"""Of the number of facts of a customer: lognormal, 49 on average."""
_LIFE = 90 * DAY
"""How long most facts of a customer take, on average."""

_SHARES: Final[Mapping[str, tuple[float, float, float]]] = {
    # of the facts of customers who are cold, lukewarm, warm
    "content.viewed": (40, 38, 34),
    "content.delivered": (30, 16, 8),
    "message.sent": (20, 14, 10),
    "content.clicked": (5, 14, 18),
    "message.received": (3, 12, 20),
    "feedback.given": (0.5, 1, 1.5),
    "form.submitted": (0.3, 1, 1.5),
    "call.made": (0.5, 1.5, 2),
    "call.answered": (0.1, 1, 2),
    "tag.added": (0.2, 0.5, 1),
    "tag.removed": (0.1, 0.2, 0.3),
    "order.paid": (0.05, 0.3, 1.2),
    "order.refunded": (0.01, 0.03, 0.1),
    "stage.set": (0.03, 0.06, 0.1),
    "opportunity.done": (0.02, 0.3, 0.6),
    "opportunity.snoozed": (0.01, 0.1, 0.2),
    "staff.assigned": (0.05, 0.05, 0.05),
    "contact.removed": (0.1, 0.05, 0.02),
}
_WARMTH: Final = (0.5, 0.35, 0.15)
TYPES: Final = ("contact.added", *_SHARES)

SELLERS: Final = tuple(f"seller-{number:03}" for number in range(1, 201))
CONTENTS: Final = ("price-list", "trial-lesson", "webinar", *(f"article-{number:03}" for number in range(1, 118)))
_FIELDS: Final[Mapping[str, tuple[frozenset[str], tuple[str, ...], tuple[float, ...]]]] = {
    # the types that have it, its texts, how often each comes relative to the others
    "content": (
        frozenset({"content.viewed", "content.delivered", "content.clicked"}),
        CONTENTS,
        tuple(1 / (place + 3) for place in range(len(CONTENTS))),
    ),
    "feedback": (
        frozenset({"message.received", "feedback.given"}),
        ("neutral", "friendly", "exploring", "positive", "refusing"),
        (50, 20, 15, 10, 5),
    ),
    "tag": (frozenset({"tag.added", "tag.removed"}), ("vip", "do-not-push", "alumni", "parent"), (1, 1, 2, 4)),
    "stage": (frozenset({"stage.set"}), ("mql", "sql", "refused"), (3, 2, 1)),
    "journey": (frozenset({"stage.set", "opportunity.done", "opportunity.snoozed"}), (JOURNEY,), (1,)),
    "rule": (frozenset({"opportunity.done", "opportunity.snoozed"}), ("call", "chat"), (1, 2)),
    "form": (frozenset({"form.submitted"}), ("trial", "callback", "survey"), (3, 1, 2)),
}
_STAFFED: Final = ("contact.added", "message.sent", "message.received", "call.made", "call.answered", "order.paid")


def write_archive(
    folder: Folder, facts: int, *, seed: int = SEED, splits: int = SPLITS, at_once: int = 2
) -> list[Split]:
    """So many facts in all; the same bytes whatever ``at_once``, the number of processes that write."""
    shares = [facts * (split + 1) // splits - facts * split // splits for split in range(splits)]
    write = partial(_write_split, folder, seed, splits)
    with ProcessPoolExecutor(at_once) as processes:
        return list(processes.map(write, range(splits), shares))


def _write_split(folder: Folder, seed: int, splits: int, split: int, facts: int) -> Split:
    name = f"split-{split:02}"
    write_facts(folder, name, made_batch(facts, seed, split, splits))
    first, end = (2**128 * bound // splits for bound in (split, split + 1))
    return Split(folder, (name,), facts, numbers=(UUID(int=first), UUID(int=end - 1)))


def made_batch(facts: int, seed: int = SEED, split: int = 0, splits: int = 1) -> Batch:
    """So many facts, of the customers whose numbers lie in this share of all numbers."""
    random = np.random.default_rng([seed, split])
    counts = _counts(random, facts)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    at = _instants(random, starts)
    types = _types(random, starts)
    columns = Columns(starts, at, types, TYPES, _fields(random, starts, types), {})
    recorded_at = _recorded(random, at)
    positions = np.empty(facts, np.int64)
    positions[np.argsort(recorded_at, kind="stable")] = np.arange(facts) * splits + split + 1
    return Batch(columns, _numbers(random, len(counts), split, splits), positions, recorded_at)


def _counts(random: Generator, facts: int) -> NDArray[np.int64]:
    mean = _MEDIAN * np.exp(_SPREAD**2 / 2)
    drawn = np.ceil(random.lognormal(np.log(_MEDIAN), _SPREAD, int(facts / mean * 1.3) + 100)).astype(np.int64)
    ends = np.cumsum(drawn)
    counts = drawn[: int(np.searchsorted(ends, facts)) + 1]
    counts[-1] -= ends[len(counts) - 1] - facts
    return counts


def _instants(random: Generator, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each customer's in order: bursts are gaps of very different length, stretched to the length of her time."""
    counts = np.diff(starts)
    gaps = random.standard_exponential(int(starts[-1]), np.float32).astype(np.float64) ** 3
    gaps[starts[:-1]] = 0.0
    reached = np.cumsum(gaps)
    reached -= np.repeat(reached[starts[:-1]], counts)
    whole = np.maximum(reached[starts[1:] - 1], 1e-9)
    first = random.integers(BEGIN, END - 7 * DAY, len(counts))
    life = np.minimum(DAY + random.exponential(_LIFE, len(counts)), END - SECOND - first)
    at: NDArray[np.int64] = np.repeat(first, counts) + (reached * np.repeat(life / whole, counts)).astype(np.int64)
    return at


def _types(random: Generator, starts: NDArray[np.int64]) -> NDArray[np.int32]:
    warmth = random.choice(len(_WARMTH), len(starts) - 1, p=_WARMTH).astype(np.uint8)
    shares = np.array(list(_SHARES.values()))
    table = np.stack([_lookup(shares[:, place]) for place in range(len(_WARMTH))]) + 1
    drawn = random.integers(0, 2**16, int(starts[-1]), np.uint16)
    types: NDArray[np.int32] = table[np.repeat(warmth, np.diff(starts)), drawn]
    types[starts[:-1]] = 0
    return types


def _fields(random: Generator, starts: NDArray[np.int64], types: NDArray[np.int32]) -> Mapping[str, Field]:
    fields = {name: _text(random, types, *described) for name, described in _FIELDS.items()}
    sellers = random.integers(0, len(SELLERS), len(starts) - 1, np.int32)
    rows = _rows_of(types, _STAFFED)
    staff = _absent(len(types))
    staff[rows] = np.repeat(sellers, np.diff(starts))[rows]
    fields["staff"] = Field(staff, SELLERS)
    paid, lasting = (
        _rows_of(types, ("order.paid", "order.refunded")),
        _rows_of(types, ("content.viewed", "call.answered")),
    )
    fields["amount"] = _number(len(types), paid, random.choice([99.0, 399.0, 1299.5, 3980.0], len(paid)))
    fields["seconds"] = _number(len(types), lasting, np.rint(random.lognormal(4.0, 1.2, len(lasting))))
    return fields


def _text(
    random: Generator, types: NDArray[np.int32], of: frozenset[str], texts: Sequence[str], often: Sequence[float]
) -> Field:
    codes, rows = _absent(len(types)), _rows_of(types, of)
    codes[rows] = _lookup(np.array(often, np.float64))[random.integers(0, 2**16, len(rows), np.uint16)]
    return Field(codes, texts)


def _number(facts: int, rows: NDArray[np.int64], values: NDArray[np.float64]) -> Field:
    codes, numbers = _absent(facts), np.zeros(facts)
    codes[rows], numbers[rows] = NUMBER, values
    return Field(codes, (), numbers)


def _absent(facts: int) -> NDArray[np.int32]:
    return np.full(facts, ABSENT, np.int32)


def _rows_of(types: NDArray[np.int32], names: Sequence[str] | frozenset[str]) -> NDArray[np.int64]:
    return np.flatnonzero(np.array([name in names for name in TYPES])[types])


def _lookup(often: NDArray[np.float64]) -> NDArray[np.int32]:
    """For each of 2^16 equally likely numbers the place that is drawn by it."""
    return np.searchsorted(np.cumsum(often) / often.sum(), (np.arange(2**16) + 0.5) / 2**16).astype(np.int32)


def _recorded(random: Generator, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Most within seconds; one in a hundred comes hours late."""
    delay = random.standard_exponential(len(at), np.float32) * SECOND
    delay[random.integers(0, len(at), len(at) // 100)] *= 10_000
    return at + delay.astype(np.int64)


def _numbers(random: Generator, customers: int, split: int, splits: int) -> NDArray[np.void]:
    """Sixteen bytes each, ascending."""
    first, end = (2**64 * bound // splits for bound in (split, split + 1))
    halves = np.empty((customers, 2), ">u8")
    halves[:, 0] = np.sort(random.integers(first, end - 1, customers, np.uint64, endpoint=True))
    halves[:, 1] = random.integers(0, 2**64 - 1, customers, np.uint64, endpoint=True)
    return halves.view("V16").reshape(customers)


def facts_of(batch: Batch, customers: Sequence[int]) -> list[list[Fact]]:
    """The same facts one by one, each customer's in fold order."""
    return [_facts(batch, customer) for customer in customers]


def _facts(batch: Batch, customer: int) -> list[Fact]:
    columns = batch.columns
    name = bytes(batch.customers[customer]).hex()
    return [
        Fact(
            source="bench",
            id=str(batch.positions[row]),
            type=columns.type_names[columns.types[row]],
            customer=name,
            occurred_at=int(columns.at[row]),
            sequence=f"{row:012}",
            data={field: value for field, one in columns.fields.items() if (value := _value(one, row)) is not None},
        )
        for row in range(int(columns.starts[customer]), int(columns.starts[customer + 1]))
    ]


def _value(field: Field, row: int) -> Any:
    code = int(field.codes[row])
    if code == NUMBER and field.numbers is not None:
        number = float(field.numbers[row])
        return int(number) if number.is_integer() else number
    return field.texts[code] if code >= 0 else None
