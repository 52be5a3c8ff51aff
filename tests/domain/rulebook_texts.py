"""Two small rulebooks as people write them: one in blocks, one in braces."""

GYM = """\
# 健身房会员
journey: gym
title: {zh: 健身会员, en: "Gym, members"}
timezone: Asia/Shanghai
manual_tags: [vip, 勿扰]
stages:
  - id: trial
    title: {zh: 体验}
    initial: true
  - id: member
    title: 会员，正式          # a text, no list
  - {id: lapsed, title: Lapsed, final: true}
manual:
  - {from: "*", to: [member, lapsed]}
enter:
  when: {fact: contact.added}
leave:
  when:
    fact: [contact.removed, contact.blocked]
tags:
  - id: keen
    when: {fact: message.received, where: {keyword: [私教, 团课]}, times: {at_least: 2, within: 7d}}
    add: 想上课
    expires: 14d
  - {id: cooled, when: {fact: call.answered, where: {seconds: {gte: 60, lte: 600.5}}}, remove: 想上课}
moves:
  - {id: bought, to: member, when: {fact: order.paid}}
  - id: faded
    from: [trial, member]
    to: lapsed
    after: PT720H
    since: {last: [message.received, checkin.done]}
    if:
      not: {any: [{tag: [vip, 勿扰]}, {sum: order.paid, field: amount, within: 365d, gte: 1000}]}
opportunities:
  - id: coach
    title: 约私教
    kind: call
    if: {tag: 想上课}
    rank: 40
    open_for: 2d
    closes: {when: {fact: call.answered}}
    ageing: {add: 5, per: 1d}
"""

CLINIC = """\
journey: clinic-recall
stages: [{id: 新客, initial: true}, {id: 复诊}]
moves:
- {id: back, from: 新客, to: 复诊, if: {all: [{seen: order.paid, where: {kind: [clean, "补牙"]}, within: 180d},
    {attribute: age, gte: 18}, {in_stage_for: 1d}, {count: "*", at_least: 3}, {stage: 新客}]}}
- {id: again, from: 复诊, to: 新客, after: 26w, since: stage_entry}
renames: {old: 新客}
in_flight: pin
"""
