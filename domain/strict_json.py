"""JSON as the door takes it: what every later reader, hash and database column can hold, and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import rfc8785
from msgspec.json import Encoder

from domain.refusals import Fault, NotJson

DEEPEST = 32
LARGEST = 10**12
MOST_DIGITS = 15

_ENCODER = Encoder(order="sorted")
_TINY_NUMBER = re.compile(b"[0-9]e-[0-9]")
_BEYOND_FFFF = re.compile(b"[\xf0-\xf7]")
_UNKEPT = re.compile("[\0\ud800-\udfff]")


class UnfitNumber:
    """A number whose value would not survive a double: kept as it was written, to be named in a fault."""

    def __init__(self, written: str) -> None:
        self.written = written


def parse(raw: bytes | str) -> Any:
    """Read one JSON text; duplicate names, NaN, depth over 32 and bytes that are not UTF-8 are ``NotJson``.

    Whole numbers come as ``int`` however they were written, so ``1`` and ``1.0`` are one value.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise NotJson(f"Byte {error.start} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        # A text of one line is itself a line of something, whose number the caller knows.
        place = f"Line {error.lineno}, column {error.colno}" if "\n" in text else f"Column {error.colno}"
        raise NotJson(f"{place}: {error.msg}.") from None
    except RecursionError:
        raise NotJson(f"It is nested deeper than {DEEPEST}.") from None
    if text.count("{") + text.count("[") > DEEPEST and _deeper(value, DEEPEST):
        raise NotJson(f"It is nested deeper than {DEEPEST}.")
    return value


def unfit(value: Any, pointer: str = "") -> Iterator[Fault]:
    """What in a parsed value cannot be kept: NUL, lone surrogates, numbers beyond 15 digits or 10^12."""
    if isinstance(value, str):
        if _UNKEPT.search(value):
            yield Fault("A text must not contain NUL (\\u0000) or half of a surrogate pair.", pointer)
    elif isinstance(value, UnfitNumber):
        yield Fault(
            f"A number has at most {MOST_DIGITS} digits and lies below 10^12 in amount; this is "
            f"{value.written[:40]}. Send longer ones as text.",
            pointer,
        )
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from unfit(name, pointer)
            yield from unfit(member, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from unfit(member, f"{pointer}/{index}")


def fits(value: Any) -> bool:
    """Whether it is certain, and cheap to tell, that ``unfit`` finds nothing: it can be written, and without a NUL."""
    try:
        return b"\\u0000" not in _ENCODER.encode(value)
    except (TypeError, UnicodeEncodeError):
        return False


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a parsed value.

    msgspec writes the same bytes at a twentieth of the cost, except where a number is tiny (``1e-6``) or a character
    lies beyond U+FFFF and may sort differently in a name; those go to the reference implementation.
    """
    written = _ENCODER.encode(value)
    tiny = b"e-" in written and _TINY_NUMBER.search(written)
    if tiny or _BEYOND_FFFF.search(written):
        return rfc8785.dumps(value)
    return written


def escaped(name: str) -> str:
    """A member's name as a token of a JSON pointer (RFC 6901), fit to be sent back."""
    return _UNKEPT.sub("\ufffd", name.replace("~", "~0").replace("/", "~1"))


def fitting_number(number: float) -> int | float | None:
    """A number as it is kept, whole ones as ``int``; ``None`` where it does not fit."""
    kept = _whole(repr(number)) if isinstance(number, int) else _fraction(repr(number))
    return None if isinstance(kept, UnfitNumber) else kept


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(members)
    if len(read) != len(members):
        names = [name for name, _ in members]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise NotJson(f"The name {twice[:80]!r} occurs twice in one object.")
    return read


def _whole(written: str) -> Any:
    if len(written) > 13:
        return UnfitNumber(written)
    number = int(written)
    return number if -LARGEST < number < LARGEST else UnfitNumber(written)


def _fraction(written: str) -> Any:
    digits = re.split("[eE]", written)[0].lstrip("-").replace(".", "").strip("0")
    if len(digits) > MOST_DIGITS:
        return UnfitNumber(written)
    number = float(written)
    if not -LARGEST < number < LARGEST or (digits and number == 0):
        return UnfitNumber(written)
    return int(number) if number.is_integer() else number


def _constant(written: str) -> NoReturn:
    raise NotJson(f"{written} is no JSON number.")


def _deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_deeper(member, depth - 1) for member in members)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
