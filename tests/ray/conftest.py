"""Ray is an extra with a lock of its own: `make test-ray` installs it, and nothing else needs it."""

import os
import secrets

from tests.projections.conftest import world

__all__ = ["world"]

# Ray reads these when it is imported: nothing is told to its makers, and its token is not written into anybody's home.
os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}
