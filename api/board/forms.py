"""What a form sends: its fields as texts, those left empty left out."""

from typing import Annotated
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import Depends

from api.facts import body_of
from api.idempotency import key_sent

Fields = dict[str, str]


def fields_of(body: Annotated[bytes, Depends(body_of)]) -> Fields:
    """Of a field sent twice the last; line ends as a document has them."""
    sent = parse_qsl(body.decode("ascii", errors="replace"))
    return {name: text.replace("\r\n", "\n") for name, text in sent if text.strip()}


Form = Annotated[Fields, Depends(fields_of)]


def form_id(form: Fields) -> str:
    """The id that a form carries so that sending it twice does it once; a new one where it has none.

    Raises ``NotUnderstood``.
    """
    return key_sent(form.pop("id", None)) or new_form_id()


def new_form_id() -> str:
    return str(uuid4())
