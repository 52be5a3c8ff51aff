"""The programs of the embedded Postgres that copy and check, run as whoever asks."""

import os
import subprocess

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.embedded_postgres import binaries


def run(program: str, *arguments: str) -> str | None:
    """None where it went well, else what it complained about last."""
    done = subprocess.run(
        [binaries() / "bin" / program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    lines = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
    return None if done.returncode == 0 else (lines or [f"{program} ended with exit code {done.returncode}."])[-1]


def run_on(conninfo: str, program: str, *arguments: str) -> bool:
    """Run it on a database, its progress shown on standard error; returns whether it went well."""
    parts = conninfo_to_dict(conninfo)
    # A password among the arguments could be read by everybody on this machine.
    environment = {**os.environ, "PGPASSWORD": str(parts.pop("password", ""))}
    command = [str(binaries() / "bin" / program), "--dbname", make_conninfo("", **parts), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, env=environment, check=False).returncode == 0
