"""The crash points, found in the source, by the command whose process passes them."""

import re
from pathlib import Path
from typing import Final

_ROOT = Path(__file__).parents[2]
_ROOMS = ("api", "domain", "event_log", "projections")
_CALL = re.compile(r'crashpoint\("([^"]+)"\)')

POINTS: Final = sorted(
    name
    for room in _ROOMS
    for path in (_ROOT / room).rglob("*.py")
    for name in _CALL.findall(path.read_text(encoding="utf-8"))
)
_FOLLOWING = ("follow.", "fill.", "rebuild.")

OF_THE_SERVICE: Final = [point for point in POINTS if not point.startswith(_FOLLOWING)]
OF_A_FOLLOWER: Final = [point for point in POINTS if point.startswith("follow.")]
OF_A_FILLING: Final = [point for point in POINTS if point.startswith("fill.")]
"""Passed by a follower, where a version is being built from nothing, and there is an archive."""
OF_A_REBUILD: Final = [point for point in POINTS if point.startswith("rebuild.")]
"""Passed by a follower, where a version is being built."""
