"""Compiles the kernel ahead, so that nobody waits for it (``python -m batch_fold.warm``), unless it is cached."""

import numpy as np

from batch_fold.columns import Columns
from batch_fold.folding import fold_all
from batch_fold.masks import masks_of
from batch_fold.program import program_of
from domain.journey.in_force import version
from domain.rulebook.document import build


def warm() -> None:
    """Folds nobody, under a rulebook without rules."""
    program = program_of([[version(build({"journey": "none", "stages": [{"id": "none", "initial": True}]}))]])
    columns = Columns(
        starts=np.zeros(2, np.int64),
        at=np.zeros(0, np.int64),
        types=np.zeros(0, np.int32),
        type_names=(),
        fields={},
        attributes={},
    )
    fold_all(program, columns, masks_of(columns, program), run=0, as_of=0)


if __name__ == "__main__":
    warm()
