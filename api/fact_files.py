"""Files of facts: NDJSON, one CloudEvent a line, plain or `.gz` or `.zst`; the order of the lines means nothing."""

import gzip
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import zstandard

from domain.envelope import read_fact
from domain.facts import Fact
from domain.history import once_each
from domain.refusals import FactsConflict, FactsUnfit, Fault, NotJson
from domain.strict_json import parse


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, each with its number from 1. Raises ``FactsUnfit`` for a broken compression."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (EOFError, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise FactsUnfit(faults=[Fault(f"{path.name} is not what its ending says, or is cut off: {error}.")]) from None


def exported_facts(path: Path) -> list[Fact]:
    """Every fact of a file once, known since its ``recordedat`` (absent: its ``time``).

    Raises ``FactsUnfit`` or ``FactsConflict`` with every bad line.
    """
    deliveries: list[Fact] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    for number, line in lines_of(path):
        fact = _fact(line)
        if isinstance(fact, Fact):
            deliveries.append(fact)
            numbers.append(number)
        else:
            faults += [replace(fault, line=number) for fault in fact]
    if faults:
        raise FactsUnfit(faults=faults)
    try:
        return once_each(deliveries)
    except FactsConflict as conflict:
        named = [replace(fault, line=numbers[fault.index or 0], index=None) for fault in conflict.faults]
        raise FactsConflict(faults=named) from None


def _fact(line: bytes) -> Fact | list[Fault]:
    try:
        return read_fact(parse(line), exported=True)
    except NotJson as refusal:
        return [Fault(refusal.detail)]


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))
    if path.suffix == ".zst":
        file = path.open("rb")
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file, closefd=True))
    return path.open("rb")
