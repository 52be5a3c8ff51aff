"""What the YAML parser complains of, in sentences a person at a keyboard can act on."""

import re

from ruamel.yaml.error import MarkedYAMLError

from domain.refusals import Fault
from domain.rulebook import slips
from domain.rulebook.places import Lines

_CLOSING = {"flow sequence": ("[", "]"), "flow mapping": ("{", "}")}

_AT_THE_COMPLAINT = (
    (r"found character '\\t'", "There is a tab here; YAML indents with spaces only."),
    (r"found character '(.)' that cannot", "A text cannot begin with {0} unless it stands in quotes."),
    (
        r"sequence entries are not allowed",
        "A list entry (`- `) cannot stand here; put it on a line of its own, indented like its neighbours.",
    ),
    (
        r"mapping (?:values|keys) are not allowed",
        "`key: value` cannot stand here: the line is indented wrongly, or a text with a colon needs quotes.",
    ),
    (
        r"expected <block end>",
        "This is not indented like the entries it follows; the entries of one list or mapping begin in one column.",
    ),
    (
        r"found unknown escape character '(.+)'",
        "\\{0} means nothing inside double quotes; write \\\\ for a backslash, or use single quotes.",
    ),
    (r"expected escape sequence", "The escape after this backslash is not complete."),
    (r"expected the node content", "A value is missing here, or there is one comma or bracket too many."),
    (r"expected '<document start>'", "This belongs to nothing before it: check the indentation and the brackets."),
    (r"more indented follow up line", "The first line of this block text is indented less than the next."),
    (r"expected chomping or indentation", "A text cannot begin with | or > unless it stands in quotes."),
)

_AT_THE_BEGINNING = (
    (
        r"could not find expected ':'",
        "This line is neither `key: value` nor a list entry (`- ...`); a colon and a space are missing.",
    ),
    (r"found unexpected (?:end of stream|document separator)", "The quotation mark that opens here is never closed."),
)


def yaml_faults(error: MarkedYAMLError, text: str, lines: Lines) -> list[Fault]:
    """The faults behind a complaint: the slips of the keyboard near it where there are any, else the complaint."""
    complaint = error.problem_mark or error.context_mark
    at: int = complaint.index if complaint is not None else 0
    found = sorted((slip.index, slip.reason) for slip in slips.near(text, lines, at)) or [_sentence(error, lines, at)]
    places = [(lines.place(index), reason) for index, reason in found]
    return [Fault(reason, line=place.line, column=place.column) for place, reason in places]


def _sentence(error: MarkedYAMLError, lines: Lines, at: int) -> tuple[int, str]:
    """The index it is about, and our sentence."""
    problem, context = str(error.problem or ""), str(error.context or "")
    begun: int = error.context_mark.index if error.context_mark is not None else at
    for what, (opening, closing) in _CLOSING.items():
        if what in context and problem.startswith("expected ','"):
            if "<stream end>" in problem:
                return begun, f"The {opening} that opens here is never closed."
            return _unclosed(opening, closing, lines, begun, at)
    if "scanning an alias" in context or "scanning an anchor" in context:
        sign = "*" if "alias" in context else "&"
        return begun, f'A text that begins with {sign} must stand in quotes: "{sign}".'
    for pattern, sentence in _AT_THE_BEGINNING:
        if re.search(pattern, problem):
            return begun, sentence
    for pattern, sentence in _AT_THE_COMPLAINT:
        found = re.search(pattern, problem)
        if found is not None:
            return at, sentence.format(*found.groups())
    return at, f"YAML cannot read this: {problem or context}."


def _unclosed(opening: str, closing: str, lines: Lines, begun: int, at: int) -> tuple[int, str]:
    line = lines.place(at).line
    if lines.place(begun).line == line:
        return at, f"A comma (,) or the closing {closing} is missing before this."
    return begun, f"The {opening} that opens here is not closed, or a comma (,) is missing, before line {line}."
