"""Facts from files, as ``replay`` reads them, by customer and in order of customer id."""

import gzip
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from domain.envelope import read_fact
from domain.facts import Fact
from domain.history import once_each
from domain.strict_json import parse

Histories = dict[str, list[Fact]]


def lines_of(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()


def histories_of(lines: Iterable[bytes]) -> Histories:
    deliveries = []
    for line in lines:
        fact = read_fact(parse(line), exported=True)
        assert isinstance(fact, Fact), fact
        deliveries.append(fact)
    by_customer: Histories = defaultdict(list)
    for fact in once_each(deliveries):
        by_customer[fact.customer].append(fact)
    return dict(sorted(by_customer.items()))
