"""When a card opens and closes. Opportunities never move anybody."""

from collections.abc import Callable
from typing import Literal

from domain.facts import Fact
from domain.journey.situation import OnJourney
from domain.journey.steps import OpenOpportunity
from domain.rulebook.document import OpportunityRule, Rulebook

Say = Callable[[Literal["opened", "closed"], str], None]
"""Records a step: the kind and the opportunity's id."""


def examine(customer: OnJourney, rulebook: Rulebook, fact: Fact | None, say: Say) -> None:
    """The last part of a run: first what closes, rule by rule, then what opens."""
    if customer.open:
        for rule in rulebook.opportunities:
            if rule.id in customer.open and _closed_by(customer, rulebook.journey, rule, fact):
                close(customer, rule.id, say)
    for rule in rulebook.opportunities:
        if rule.if_alone:
            _follow_condition(customer, rule, say)
        elif fact is not None and rule.trigger.holds(customer):
            _open(customer, rule, say)


def close(customer: OnJourney, opportunity: str, say: Say) -> None:
    del customer.open[opportunity]
    say("closed", opportunity)


def carry_over(customer: OnJourney, old: Rulebook, new: Rulebook, say: Say) -> None:
    """A new version keeps the cards whose rule id it still has; what was found stays with a rule's text."""
    kept = {rule.id for rule in new.opportunities}
    for rule in old.opportunities:
        if rule.id in customer.open and rule.id not in kept:
            close(customer, rule.id, say)


def _closed_by(customer: OnJourney, journey: str, rule: OpportunityRule, fact: Fact | None) -> bool:
    worked = fact is not None and fact.type in ("opportunity.done", "opportunity.skipped")
    if worked and fact is not None and (fact.data.get("journey"), fact.data.get("rule")) == (journey, rule.id):
        return True
    # A `closes` with `when` cannot hold without a fact; with `if` alone it is examined in every run.
    return rule.closes is not None and rule.closes.holds(customer)


def _follow_condition(customer: OnJourney, rule: OpportunityRule, say: Say) -> None:
    found = rule.trigger.holds(customer)
    if found and not customer.found.get(rule.text, False):
        if rule.id not in customer.open:
            _open(customer, rule, say)
    elif not found and rule.id in customer.open:
        close(customer, rule.id, say)
    customer.found[rule.text] = found


def _open(customer: OnJourney, rule: OpportunityRule, say: Say) -> None:
    until = None if rule.open_for is None else customer.now + rule.open_for
    card = customer.open.get(rule.id)
    customer.open[rule.id] = OpenOpportunity(rule.kind, customer.now if card is None else card.since, until)
    if card is None:
        say("opened", rule.id)
