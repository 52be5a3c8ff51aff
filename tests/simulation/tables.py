"""The tables of a database that never was: rows in groups, each group changed by one transaction at a time."""

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

Group = Hashable
"""What rows are changed together by: a customer, a partition."""
Rows = dict[Any, dict[str, Any]]
"""The rows of one group, by what tells them apart."""
Table = dict[Group, Rows]


class Overwritten(AssertionError):
    """Two transactions changed the rows of one customer, or of one partition, at once."""


@dataclass
class View:
    """The tables as one transaction sees them: what is committed, and its own changes (READ COMMITTED)."""

    committed: dict[str, Table]
    _own: dict[tuple[str, Group], Rows] = field(default_factory=dict)
    _before: dict[tuple[str, Group], Rows | None] = field(default_factory=dict)

    def rows(self, table: str, group: Group) -> Rows:
        """To look at only."""
        own = self._own.get((table, group))
        return self.committed[table].get(group, {}) if own is None else own

    def groups(self, table: str) -> Iterator[tuple[Group, Rows]]:
        """All of a table, to look at only."""
        yield from ((group, rows) for group, rows in self.committed[table].items() if (table, group) not in self._own)
        yield from ((group, rows) for (name, group), rows in self._own.items() if name == table)

    def change(self, table: str, group: Group) -> Rows:
        """To be changed in place; others see it after the commit."""
        own = self._own.get((table, group))
        if own is None:
            before = self.committed[table].get(group)
            own = {key: dict(row) for key, row in (before or {}).items()}
            self._own[table, group], self._before[table, group] = own, before
        return own

    @property
    def changed(self) -> Collection[tuple[str, Group]]:
        return self._own.keys()

    def undo(self) -> Callable[[], None]:
        """What takes this back after the commit, as a power cut does with what the disk had not yet."""

        def back() -> None:
            for (table, group), rows in self._before.items():
                if rows is None:
                    self.committed[table].pop(group, None)
                else:
                    self.committed[table][group] = rows

        return back

    def commit(self) -> None:
        for (table, group), rows in self._own.items():
            if self.committed[table].get(group) is not self._before[table, group]:
                raise Overwritten(f"{table} {group}")
            self.committed[table][group] = rows
