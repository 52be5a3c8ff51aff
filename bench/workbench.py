"""What every measure stands on: a durable Postgres of our own, fresh databases in it, and the bundled sample."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from api import wiring
from api.embedded_postgres import EmbeddedPostgres
from api.fact_files import exported_facts
from api.settings import Settings
from domain.facts import Fact

SAMPLE = Path(__file__).parent.parent / "api" / "sample"

History = Sequence[Fact]
"""All facts of one customer."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """``facts`` is the sample as its file has it, in order of occurrence; ``rulebook`` is the text of its rules."""

    conninfo: str
    home: Path
    facts: Sequence[Fact]
    rulebook: str

    def fresh_database(self) -> str:
        """The conninfo of a new, empty database."""
        # How far the one before was known to go is not said of this one.
        (self.home / "head.json").unlink(missing_ok=True)
        name = f"bench_{uuid4().hex}"
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        return make_conninfo(self.conninfo, dbname=name)

    def service(self, conninfo: str) -> AbstractContextManager[wiring.Service]:
        """The service wired on a database as it is in earnest, the schema brought to head."""
        return wiring.service(Settings(home=self.home), conninfo)

    def histories(self, count: int) -> list[History]:
        """Some customers, evenly chosen by their ids, with all their facts."""
        by_customer: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            by_customer[fact.customer].append(fact)
        names = sorted(by_customer)
        return [by_customer[name] for name in names[:: len(names) // count][:count]]


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Runs until the context is left."""
    facts = exported_facts(SAMPLE / "complete_journey.ndjson.gz")
    rulebook = (SAMPLE / "rulebook.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="trailbook-bench-") as folder:
        # The account that Postgres runs under must be able to enter it.
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        with EmbeddedPostgres(home) as server:
            yield Workbench(server.conninfo, home, facts, rulebook)
