"""Voids: may this fact be taken out of the history?"""

from collections.abc import Iterable

from domain.facts import Fact
from domain.refusals import AlreadyVoided, Fault, VoidOfVoid


def refuse_unfit_void(void: Fact, target: Fact, known: Iterable[Fact]) -> None:
    """Pass a ``fact.voided`` that takes out ``target``; ``known`` are the facts of its customer.

    Raises ``VoidOfVoid``, and ``AlreadyVoided`` with the position of the void there is.
    """
    if target.type == void.type:
        raise VoidOfVoid()
    for fact in known:
        if fact.type == void.type and (fact.data.get("source"), fact.data.get("id")) == target.key:
            raise AlreadyVoided(faults=[Fault("It was voided here.", position=fact.position)])
