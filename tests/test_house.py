"""The house keeps its own rules: what is shipped, what is committed, and what `make test` runs."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def committed(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_owns_a_room(room: str) -> None:
    assert set(packages_distributions().get(room, [])) <= {"trailbook"}


def test_every_room_is_under_the_import_contracts() -> None:
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == sorted(ROOMS)


def test_the_wheel_holds_all_that_is_not_python_too(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())

    wanted = {str(path.relative_to(ROOT)) for room in ROOMS for path in committed(room)}
    assert wanted - shipped == set()


def test_make_test_runs_style_types_contracts_and_tests() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for command in ("ruff check .", "ruff format --check .", "mypy", "lint-imports", "pytest"):
        assert command in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


LOCKS = ("all.txt", "ray.txt", "run.txt")


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_pinned_by_hash_and_name_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    pins = pins_of(lock)

    assert "://" not in text
    assert pins
    assert all(re.match(r"[a-z0-9._-]+==\S+ ", pin) for pin in pins), lock
    assert text.count("--hash=sha256:") >= len(pins)


def test_locks_agree_on_versions_and_there_is_no_other() -> None:
    assert sorted(path.name for path in (ROOT / "requirements").glob("*.txt")) == list(LOCKS)

    of_all = {pin.split()[0] for pin in pins_of("all.txt")}
    names = {pin.partition("==")[0] for pin in of_all}
    for lock in LOCKS:
        pins = {pin.split()[0] for pin in pins_of(lock)}
        assert {pin for pin in pins if pin.partition("==")[0] in names} <= of_all


def pins_of(lock: str) -> list[str]:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]


def test_no_registry_and_no_path_of_a_machine_is_committed() -> None:
    forbidden = re.compile(
        "|".join([r"pypi\.or" + "g", r"pythonhoste" + "d", r"registry\.npmj" + "s", r"(?<![\w.])/(work|root)" + "/"])
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in committed()
        if path.suffix not in {".gz", ".png"} and (match := forbidden.search(path.read_text(encoding="utf-8")))
    ]

    assert found == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in committed(*(f"{room}/*.py" for room in ROOMS))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]

    assert long == []
