"""Documents as sessions at a terminal: the `console` blocks of a guide, their commands and what these should print."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```(?P<language>\S*)(?: +(?P<name>\S+))?\n(?P<text>.*?)^```$", re.M | re.S)
_HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")
_SENTINEL = "\x1e"


@dataclass(frozen=True, slots=True)
class Block:
    """``name`` is that of the file whose content the block is; ``line`` where it stands in its document."""

    language: str
    name: str | None
    text: str
    line: int


@dataclass(slots=True)
class Command:
    line: int
    lines: list[str]
    printed: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks_of(document: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(document):
        line = document.count("\n", 0, found.start()) + 2
        yield Block(found["language"], found["name"], found["text"], line)


def commands_of(block: Block) -> list[Command]:
    """A command begins with ``$ ``; it goes on after a backslash, within quotes and to the end of a here-document."""
    commands: list[Command] = []
    open_ended = False
    for number, line in enumerate(block.text.splitlines(), block.line):
        if open_ended:
            commands[-1].lines.append(line)
        elif line.startswith("$ "):
            commands.append(Command(number, [line[2:]]))
        else:
            commands[-1].printed.append(line)
            continue
        open_ended = _goes_on(commands[-1].lines)
    return commands


def _goes_on(lines: list[str]) -> bool:
    here = next((found[1] for line in lines if (found := _HERE_DOCUMENT.search(line))), None)
    if here is not None:
        return lines[-1] != here
    return lines[-1].endswith("\\") or "\n".join(lines).count("'") % 2 == 1


def matches(expected: str, printed: str) -> bool:
    """Blanks and line ends apart, with ``...`` for whatever differs from run to run."""
    parts = "".join(expected.split()).split("...")
    return re.fullmatch(".*?".join(map(re.escape, parts)), "".join(printed.split()), re.S) is not None


class Terminal:
    """One shell for a whole document, so that what is set in one block is there in the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def run(self, command: str) -> str:
        """What it prints, both streams."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{command}\nprintf '\\n{_SENTINEL}\\n'\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        for line in self._shell.stdout:
            if line == f"{_SENTINEL}\n":
                return "".join(printed)
            printed.append(line)
        raise AssertionError("The shell ended.")

    def close(self) -> None:
        self._shell.communicate("exit\n", timeout=10)
