"""The store's contract on the oldest Postgres we promise to run on, as Debian 12 installs it.

`make test-postgres-15` runs all tests of the log and of the projections there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

POSTGRES = Path("/usr/lib/postgresql/15")
TESTS = Path(__file__).parents[1]
CONTRACT = (
    "event_log/test_append.py::test_facts_come_back_as_they_were_sent_in_order",
    "event_log/test_append.py::test_a_repeated_fact_is_answered_with_its_first_position",
    "event_log/test_append.py::test_another_content_is_a_conflict_and_stored_nowhere",
    "event_log/test_append.py::test_a_refused_request_sinks_no_other_of_its_group",
    "event_log/test_race.py::test_a_tailing_reader_misses_nothing_and_there_are_no_holes",
    "event_log/test_race.py::test_a_writer_without_the_lock_cannot_commit",
    "event_log/test_kept_for_ever.py::test_a_superuser_is_refused_by_trigger",
    "event_log/test_row_security.py::test_plain_sql_shows_a_seller_the_rows_of_own_customers",
    "event_log/test_row_security.py::test_a_seller_writes_nothing",
    "event_log/test_row_security.py::test_a_login_without_our_roles_lets_no_seller_in",
    "projections/test_parking.py::test_a_damaged_entry_blocks_its_customer_until_it_is_mended",
)


@pytest.mark.skipif(not (POSTGRES / "bin" / "postgres").exists(), reason="needs Debian's package postgresql-15")
def test_the_contract_of_the_store_holds_on_it() -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TRAILBOOK"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", *(TESTS / name for name in CONTRACT)],
        env={**outside, "TRAILBOOK_TEST_POSTGRES": str(POSTGRES)},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    print(done.stdout.splitlines()[-1])
