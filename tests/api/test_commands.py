"""The commands that speak to a database, as real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.test_service import RULEBOOK, event


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TRAILBOOK_DATABASE_URL": database, "TRAILBOOK_HOME": str(tmp_path / "home")}


def trailbook(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def lines(path: Path, *events: object) -> str:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in events), encoding="utf-8")
    return str(path)


def test_publish_import_and_replay(environment: dict[str, str], tmp_path: Path) -> None:
    book = lines(tmp_path / "rulebook.yaml", RULEBOOK)
    facts = lines(tmp_path / "facts.ndjson", event(1), event(2, day=2), event(1))

    published = trailbook(environment, "rulebook", "publish", book, "--because", "first", "--effective-from", "always")
    first = trailbook(environment, "import", facts)
    again = trailbook(environment, "import", facts)
    shown = trailbook(environment, "replay", "c1", "--journey", "j", "--as-of", "2026-03-10T00:00:00Z")

    assert published.returncode == 0, published.stderr
    assert json.loads(first.stdout) == {"accepted": 2, "duplicates": 1, "position": 3}
    assert json.loads(again.stdout) == {"accepted": 0, "duplicates": 3, "position": 3}
    assert "moved A → B" in shown.stdout
    assert "Stands in: B" in shown.stdout


def test_import_stores_nothing_when_a_line_is_bad_unless_told_to_skip(
    environment: dict[str, str], tmp_path: Path
) -> None:
    facts = lines(tmp_path / "facts.ndjson", event(1), "{oops", event(2, time="soon"))

    stopped = trailbook(environment, "import", facts)
    before = trailbook(environment, "status")
    skipped = trailbook(environment, "import", "--on-error", "skip", facts)

    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert "line 2" in stopped.stderr
    assert "line 3, /time" in stopped.stderr
    assert "log        position 0" in before.stdout
    assert skipped.returncode == 1
    assert json.loads(skipped.stdout)["accepted"] == 1


def test_a_conflict_with_the_log_names_the_line(environment: dict[str, str], tmp_path: Path) -> None:
    trailbook(environment, "import", lines(tmp_path / "one.ndjson", event(1)))

    conflict = trailbook(environment, "import", lines(tmp_path / "two.ndjson", event(2), event(1, day=9)))

    assert conflict.returncode == 1
    assert "line 2" in conflict.stderr


def test_another_master_key_is_refused_in_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    trailbook(environment, "import", lines(tmp_path / "one.ndjson", event(1)))

    refused = trailbook({**environment, "TRAILBOOK_HOME": str(tmp_path / "other")}, "status")

    assert refused.returncode == 1
    assert "another master key" in refused.stderr
    assert "Traceback" not in refused.stderr
