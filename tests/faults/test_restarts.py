"""Postgres crashes and comes back while facts keep coming in: everything goes on by itself."""

import os
import signal
from pathlib import Path

import pytest

from api.embedded_postgres import EmbeddedPostgres
from api.publishing import Draft, first, publish
from api.settings import Settings
from api.wiring import Service, service
from tests.faults.conftest import KEY, RULEBOOK, address_of, environment_of
from tests.faults.ledger import Ledger, assert_nothing_lost_or_doubled
from tests.faults.processes import running
from tests.faults.senders import sending
from tests.faults.waiting import seconds_until
from tests.projections.fresh import assert_rows_are_a_fresh_fold

IMMEDIATE = signal.SIGQUIT
"""What ``pg_ctl stop -m immediate`` sends: no shutdown checkpoint, recovery at the next start."""
TIMES = 10 if os.environ.get("TRAILBOOK_LONG") == "1" else 1

pytestmark = pytest.mark.timeout(60 + 60 * TIMES)


def test_after_a_crash_of_postgres_everything_goes_on_by_itself(
    open_folder: Path, tmp_path: Path, ledger: Ledger
) -> None:
    with EmbeddedPostgres(open_folder / "crashing") as postgres:
        environment = environment_of(postgres.conninfo, tmp_path)
        with service(Settings(home=tmp_path), postgres.conninfo) as wired:
            publish(wired, "j", Draft(RULEBOOK, "first", effective_from=None), by="test", based_on=first)
            with (
                running("serve", environment) as api,
                running("work", environment) as worker,
                sending(address_of(environment), KEY, ledger),
            ):
                seconds_until(lambda: ledger.acked > 50 and caught_up_with(wired, 50))
                for death in [IMMEDIATE, signal.SIGKILL] * TIMES:
                    crash(postgres, death)
                    print(f"{death.name}: {goes_on(ledger, wired)}")
            assert (api.returncode, worker.returncode) == (0, 0)

            print(assert_nothing_lost_or_doubled(ledger, wired.log))
            assert assert_rows_are_a_fresh_fold(postgres.conninfo, wired.log) > 0


def crash(postgres: EmbeddedPostgres, death: signal.Signals) -> None:
    postmaster = int((postgres.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, death)
    postgres.stop()
    postgres.start()


def goes_on(ledger: Ledger, wired: Service) -> str:
    acked = ledger.acked
    taken = seconds_until(lambda: ledger.acked > acked + 20)
    head = wired.log.reading.head()
    followed = seconds_until(lambda: caught_up_with(wired, head))
    return f"acknowledged again after {taken:.1f} s, followed {followed:.1f} s later"


def caught_up_with(wired: Service, position: int) -> bool:
    return wired.board.worked()[0] >= position
