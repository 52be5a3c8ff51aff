"""`make faults`: a storm from a seed, then every test of the failure list in its long form; tells what came of it."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated, Any
from xml.etree import ElementTree

import typer
from rich.console import Console
from rich.table import Table

from api.embedded_postgres import EmbeddedPostgres, binaries
from tests.faults.installation import installed
from tests.faults.monkey import KINDS
from tests.faults.storm import Report, storm

FILE = Path(".bench") / "faults.json"
LONGEST_PAUSE = 15.0
"""Seconds: longer than a lease, so that others take over."""


def main(
    seed: Annotated[int | None, typer.Option(help="Repeats the storm of an earlier run.")] = None,
    minutes: Annotated[float, typer.Option(help="How long the storm lasts.")] = 10,
    storm_only: Annotated[bool, typer.Option(help="Without the list.")] = False,
) -> None:
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    say = Console(stderr=True)
    say.print(f"A storm of {minutes:g} minutes with SEED={seed} ...")
    report, failure = stormed(seed, minutes * 60)
    found = {"seed": seed, "minutes": minutes, **told(report), "failure": failure}
    if not storm_only:
        say.print("The failure list in its long form ...")
        found["list"] = the_list()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    Console().print(table(report, seed))
    say.print(f"The numbers are in {FILE}.")
    if failure:
        say.print(f"Broken with SEED={seed}: {failure}", style="red", markup=False)
    if failure or found.get("list", {}).get("failed"):
        raise typer.Exit(1)


def stormed(seed: int, seconds: float) -> tuple[Report, str | None]:
    """What came of it, and what broke."""
    report, chance = Report(), Random(seed)
    with tempfile.TemporaryDirectory(prefix="trailbook-faults-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        home.mkdir()
        try:
            with installed(Path(folder) / "postgres", home) as world:
                storm(world, chance, kinds(chance, time.monotonic() + seconds), LONGEST_PAUSE, report)
                examine(world.postgres)
        except Exception as error:
            traceback.print_exc()
            return report, f"{type(error).__name__}: {error}"
    return report, None


def kinds(chance: Random, end: float) -> Iterator[str]:
    """All in turn, in another order each time, until it is over."""
    while True:
        turns = sorted(KINDS)
        chance.shuffle(turns)
        for kind in turns:
            if time.monotonic() > end:
                return
            yield kind


def examine(postgres: EmbeddedPostgres) -> None:
    """Every table and index of the database is sound, and every row has its place in every index."""
    program = binaries() / "bin" / "pg_amcheck"
    checks = ["--heapallindexed", "--parent-check", "--install-missing"]
    found = subprocess.run([program, *checks, postgres.conninfo], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def the_list() -> dict[str, Any]:
    """Numbers of tests, and why some were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-n0", "-q", "tests/faults", f"--junitxml={results}"]
        subprocess.run(command, env={**os.environ, "TRAILBOOK_LONG": "1"}, check=False)
        cases = ElementTree.parse(results).findall(".//testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = {case.get("name"): str(why.get("message")) for case in cases if (why := case.find("skipped")) is not None}
    return {"passed": len(cases) - len(failed) - len(skipped), "failed": failed, "skipped": skipped}


def told(report: Report) -> dict[str, Any]:
    reckoning = asdict(report.reckoning) if report.reckoning else {}
    return {
        "cycles": report.cycles,
        "acknowledged": reckoning.pop("acked", None),
        **reckoning,
        "rows": report.rows,
        "skipped": report.skipped,
        "seconds_to_recover": report.recovery(),
    }


def table(report: Report, seed: int) -> Table:
    told_of = told(report)
    lost = ", ".join(f"{told_of.get(name, '?')} {name}" for name in ("acknowledged", "lost", "doubled", "skipped"))
    shown = Table(title=f"{report.cycles} cycles, {lost}; SEED={seed}")
    for column in ("fault", "cycles", "seconds to recover, p50", "p99"):
        shown.add_column(column, justify="left" if column == "fault" else "right")
    for kind, of in report.recovery().items():
        shown.add_row(kind.replace("_", " "), f"{of['cycles']:.0f}", f"{of['p50']:.1f}", f"{of['p99']:.1f}")
    return shown


if __name__ == "__main__":
    typer.run(main)
