"""Machine code is kept on disk where there is a place for it, and does without where there is none."""

import pytest
from numba.core.caching import CompileResultCacheImpl

from batch_fold.compiled import compiled_alone


def doubled(number: int) -> int:
    return 2 * number


def test_where_nothing_may_be_written_a_process_compiles_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])

    assert compiled_alone(doubled)(21) == 42
