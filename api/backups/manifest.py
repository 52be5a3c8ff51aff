"""What a backup says of itself, in `trailbook.json` beside the copied data: written last, so it vouches for all."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.backups.programs import run
from domain.refusals import Refusal
from domain.strict_json import canonical
from event_log.ledger import Head

FORMAT: Final = 1
_POSTGRES = "backup_manifest"
_UNCHECKED = frozenset({"postgresql.auto.conf", "standby.signal", "recovery.signal"})
"""What pg_verifybackup passes over because people change it."""


class BackupUnfit(Refusal):
    """This is no whole backup, or it was changed since it was taken."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """``position`` and ``leaf_hash``: the end of the log when the copy began; all of that is in it, perhaps more.

    ``log`` tells under which master key the log was begun; ``files`` are the hashes of what Postgres's own manifest
    leaves out. Hashes are in hex.
    """

    taken_at: str
    release: str
    schema: int
    log: str
    position: int
    leaf_hash: str
    files: dict[str, str]
    format: int = FORMAT

    @property
    def head(self) -> Head:
        return Head(self.position, bytes.fromhex(self.leaf_hash))


class Backup:
    """A backup in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "postgres"
        self._manifest = self.folder / "trailbook.json"

    def begin(self) -> None:
        """Make the folder, for the owner only."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def seal(self, manifest: Manifest) -> Manifest:
        """Prove the copy, then say what it is: from here on it is a backup. Raises ``BackupUnfit``."""
        self._refuse_changed()
        manifest = replace(manifest, files=dict(self._unlisted()))
        said: dict[str, Any] = asdict(manifest)
        made = self._manifest.with_suffix(".new")
        with made.open("w", encoding="utf-8") as file:
            json.dump({**said, "hash": _hash(said)}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._manifest)
        return manifest

    def manifest(self) -> Manifest:
        """Raises ``BackupUnfit``."""
        try:
            said = json.loads(self._manifest.read_bytes())
            written = said.pop("hash")
            if said["format"] != FORMAT:
                raise BackupUnfit(f"It has format {said['format']}, and this release reads format {FORMAT}.")
            if _hash(said) != written:
                raise BackupUnfit(f"{self._manifest.name} was changed.")
            return Manifest(**said)
        except FileNotFoundError:
            raise BackupUnfit(f"{self.folder} has no {self._manifest.name}; perhaps it was never finished.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupUnfit(f"{self._manifest.name} was changed.") from None

    def verify(self) -> Manifest:
        """Hold every byte of every file against the manifests. Raises ``BackupUnfit`` with the first difference."""
        manifest = self.manifest()
        self._refuse_changed()
        found = dict(self._unlisted())
        for name in sorted({*manifest.files, *found}):
            if manifest.files.get(name) != found.get(name):
                raise BackupUnfit(f"The file {name} was changed, added or lost.")
        return manifest

    def _refuse_changed(self) -> None:
        said = run("pg_verifybackup", "--exit-on-error", str(self.data))
        if said is not None:
            raise BackupUnfit(said)

    def _unlisted(self) -> Iterator[tuple[str, str]]:
        """The files that Postgres's manifest does not vouch for, itself among them, each with its hash."""
        listed = json.loads((self.data / _POSTGRES).read_bytes())["Files"]
        vouched = {file["Path"] for file in listed if "Path" in file} - _UNCHECKED
        for path in sorted(self.data.rglob("*")):
            name = path.relative_to(self.data).as_posix()
            if path.is_file() and name not in vouched:
                with path.open("rb") as file:
                    yield name, hashlib.file_digest(file, "sha256").hexdigest()


def _hash(said: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(said)).hexdigest()
