"""Mutated rulebooks, as texts and as documents: what slips of a hand make of a good one."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

_SIGNS = [
    *"，：、；“”【】\u3000,:;-[]{}#&*!|>'\"%@`?\t\n\r \\~<=/.0a中😀\0\x85\u2028\ufeff",
    *("- ", ": ", "\n  ", "null", "&a ", "*a", "<<: ", "!!str ", "---\n", "\\u", "1e999", "{" * 9),
]
_VALUES: list[Any] = [None, True, 0, -1, 1.5, 10**13, "", "*", "0d", "7d", "x", [], {}, [[]], {"tag": "x"}, ["a", "*"]]
_KEYS = ["id", "to", "tag", "seen", "count", "field", "within", "at_least", "when", "if", "after", "since", "zh", "单"]


@st.composite
def mutated_texts(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """A text with one to six characters or lines cut, doubled, swapped or replaced."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["insert", "replace", "cut", "double", "swap lines", "any character"])):
            case "insert":
                text = text[:at] + draw(st.sampled_from(_SIGNS)) + text[at:]
            case "replace":
                text = text[:at] + draw(st.sampled_from(_SIGNS)) + text[at + 1 :]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 30)) :]
            case "double":
                text = text[: at + draw(st.integers(1, 60))] + text[at:]
            case "swap lines":
                lines = text.split("\n")
                one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
                lines[one], lines[other] = lines[other], lines[one]
                text = "\n".join(lines)
            case _:
                text = text[:at] + draw(st.characters()) + text[at + 1 :]
    return text


@st.composite
def mutated_documents(draw: st.DrawFn, documents: Sequence[Any]) -> Any:
    """A document in which one to four values or keys were changed, added or dropped."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 4))):
        holders = list(_holders(document))
        if not holders:
            break
        holder = draw(st.sampled_from(holders))
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        change = draw(st.sampled_from(["set", "drop", "add"]))
        if change == "add" or not places:
            value = copy.deepcopy(draw(st.sampled_from(_VALUES)))
            if isinstance(holder, dict):
                holder[draw(st.sampled_from(_KEYS))] = value
            else:
                holder.append(value)
        elif change == "drop":
            del holder[draw(st.sampled_from(places))]
        else:
            holder[draw(st.sampled_from(places))] = copy.deepcopy(draw(st.sampled_from(_VALUES)))
    return document


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for member in value.values() if isinstance(value, dict) else value:
            yield from _holders(member)
