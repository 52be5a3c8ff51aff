"""The disk of the database is full, for rows or for its journal: 503, nothing lost, and it goes on once there is room.

Only in `make faults`, and only as root: it mounts small disks.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.embedded_postgres import EmbeddedPostgres
from tests.faults.conftest import LONG
from tests.faults.installation import Installation, installed, under_load
from tests.faults.ledger import assert_nothing_lost_or_doubled
from tests.faults.waiting import seconds_until
from tests.projections.fresh import assert_rows_are_a_fresh_fold

MB = 1024 * 1024
DISK = 160 * MB
ROOM = 12 * MB
"""What is left beside the ballast."""

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LONG, reason="takes a minute: `make faults`"),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk: needs root"),
]


@pytest.mark.parametrize("folder", ["base", "pg_wal"])
def test_a_full_disk_loses_nothing_and_is_got_over(open_folder: Path, tmp_path: Path, folder: str) -> None:
    home = open_folder / f"full-{folder}"
    with small_disk(open_folder / f"disk-{folder}") as disk:
        with EmbeddedPostgres(home):
            pass
        moved_to(home / "postgres" / "data" / folder, disk)
        with installed(home, tmp_path) as world:
            with under_load(world):
                ballast = disk / "ballast"
                fill(ballast, free(disk) - ROOM)
                seconds_until(lambda: nothing_is_acked(world), within=300)
                # The journal grows by whole files, of which not one more has room.
                assert free(disk) < (MB if folder == "base" else 2 * ROOM)
                ballast.unlink()
                if world.postgres.has_died():
                    world.postgres.stop()
                    world.postgres.start()
                print(f"{folder} full: goes on after {world.recovers():.1f} s")
            world.catches_up()
            world.stop()
            print(assert_nothing_lost_or_doubled(world.ledger, world.wired.log))
            assert assert_rows_are_a_fresh_fold(world.postgres.conninfo, world.wired.log) > 0


@contextmanager
def small_disk(at: Path) -> Iterator[Path]:
    at.mkdir()
    owner = pwd.getpwnam("nobody")
    options = f"size={DISK},mode=0700,uid={owner.pw_uid},gid={owner.pw_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


def moved_to(folder: Path, disk: Path) -> None:
    """As an operator gives a part of the database a disk of its own."""
    there = disk / folder.name
    shutil.copytree(folder, there, symlinks=True)
    for member in (there, *there.rglob("*")):
        shutil.chown(member, "nobody", pwd.getpwnam("nobody").pw_gid)
    there.chmod(0o700)
    shutil.rmtree(folder)
    folder.symlink_to(there)


def free(disk: Path) -> int:
    return shutil.disk_usage(disk).free


def fill(file: Path, size: int) -> None:
    with file.open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, size)


def nothing_is_acked(world: Installation) -> bool:
    acked = world.ledger.acked
    time.sleep(3)
    return world.ledger.acked == acked
