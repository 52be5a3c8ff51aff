"""What an assertion compared is told, outside the test module too."""

import pytest

for module in ("acted", "asked", "followed"):
    pytest.register_assert_rewrite(f"tests.machine.{module}")
