"""A small history, its rules and a candidate: the same for the command line and for the service."""

from typing import Any, Final

from domain.instants import DAY, SECOND, instant, rfc_3339

RULEBOOK: Final = """
journey: course
title: {zh: 课程, en: Courses}
timezone: Asia/Shanghai
stages:
  - {id: lead, title: {zh: 潜客, en: Lead}, initial: true}
  - {id: keen, title: {zh: 意向, en: Keen}}
  - {id: paid, title: {zh: 成单, en: Paid}, final: true}
  - {id: dormant, title: {zh: 沉默, en: Dormant}}
enter: {when: {fact: contact.added}}
tags:
  - id: price
    when: {fact: content.clicked, where: {content: price-list}, times: {at_least: 2, within: 7d}}
    add: reads-prices
    expires: 10d
moves:
  - {id: paid, from: "*", to: paid, when: {fact: order.paid}}
  - {id: to-keen, from: [lead, dormant], to: keen, if: {tag: reads-prices}}
  - {id: silent, from: [lead, keen], to: dormant, after: 9d, since: {last: message.received}}
  - {id: back, from: dormant, to: lead, when: {fact: message.received}}
opportunities:
  - id: chat
    kind: chat
    title: {zh: 主动咨询, en: Wrote to us}
    when: {fact: message.received}
    open_for: 2d
    closes: {when: {fact: message.sent}}
"""
CANDIDATE: Final = RULEBOOK.replace("after: 9d", "after: 3d").replace("open_for: 2d", "open_for: 1d")
PERIOD: Final = {"from": "2026-03-05T00:00:00Z", "to": "2026-03-14T16:00:00Z"}

_BEGIN: Final = instant("2026-03-01T02:00:00Z")
_HOUR: Final = 3_600 * SECOND
_KINDS: Final = (
    ("content.clicked", {"content": "price-list"}),
    ("message.received", {"text": "还有名额吗", "feedback": "positive"}),
    ("message.sent", {"text": "有的"}),
    ("content.clicked", {"content": "price-list"}),
    ("profile.changed", {"attributes": {"city": "杭州"}}),
)


def facts_of(customers: int) -> list[dict[str, Any]]:
    """Each is added, does some of everything some days apart, and every fourth pays in the end."""
    facts = []
    for number in range(customers):
        name = "张三" if number == 1 else f"wm{number:04}"
        added = _BEGIN + number * 5 * _HOUR
        facts.append(_event(name, 0, added, "contact.added", {"staff": f"seller-{number % 3}"}))
        for place in range(8):
            at = added + place * (1 + number % 5) * DAY + number * _HOUR
            type, data = _KINDS[(place + number) % len(_KINDS)]
            facts.append(_event(name, place + 1, at, type, data))
        if number % 4 == 0:
            facts.append(_event(name, 9, added + 6 * DAY, "order.paid", {"amount": 59.9}))
    return facts


def _event(name: str, number: int, at: int, type: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{name}-{number}",
        "source": "wecom/acme",
        "type": type,
        "subject": name,
        "time": rfc_3339(at),
        "data": data,
    }
