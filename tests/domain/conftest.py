"""The words of ``given`` fail as readably as a test of its own."""

import pytest

pytest.register_assert_rewrite("tests.domain.given")
