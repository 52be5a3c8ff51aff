"""The header Idempotency-Key: the same request sent again is answered, not done again."""

from typing import Annotated
from uuid import uuid4

from fastapi import Depends

from api.openapi.parameters import IdempotencyKey
from domain.refusals import NotUnderstood

LONGEST_KEY = 255


def key_sent(idempotency_key: IdempotencyKey = None) -> str | None:
    """Raises ``NotUnderstood``."""
    if idempotency_key is None:
        return None
    printable = idempotency_key.isascii() and idempotency_key.isprintable()
    if not (printable and 0 < len(idempotency_key) <= LONGEST_KEY):
        raise NotUnderstood(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters.")
    return idempotency_key


Key = Annotated[str | None, Depends(key_sent)]


def command_id(key: Key) -> str:
    """The id of the fact a command makes: the client's key, else a random one."""
    return str(uuid4()) if key is None else key


Id = Annotated[str, Depends(command_id)]
