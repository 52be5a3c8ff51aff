"""The body of a request as it was before its sender packed it, never more of it than a request may have."""

import zlib
from typing import Final

from domain.refusals import NotJson, TooLarge

_GZIP: Final = 31
"""What zlib calls a gzip wrapper with the largest window."""


class NotGzip(NotJson):
    """The body is not one whole gzip stream."""


def unpacked(packed: bytes, largest: int) -> bytes:
    """Raises ``NotGzip``, and ``TooLarge`` without unpacking more than ``largest`` bytes and one.

    There is no limit of the ratio: a small body that becomes a megabyte costs two milliseconds, and a thousand honest
    messages that differ in little shrink as much.
    """
    stream = zlib.decompressobj(_GZIP)
    try:
        body = stream.decompress(packed, largest + 1)
    except zlib.error:
        raise NotGzip() from None
    if len(body) > largest:
        raise TooLarge(f"Unpacked, a request has at most {largest // 1024} kB.")
    if not stream.eof or stream.unused_data:
        raise NotGzip()
    return body
