"""The words for the known types of facts and their fields, in Chinese and in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sentence:
    """The same words twice; a part of a sentence is one too."""

    zh: str
    en: str

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Phrase:
    """``客户`` ``点了`` ``内容``: who, did, what; and the noun ``点击``. The field ``about`` says what exactly."""

    who: Sentence
    did: Sentence
    what: Sentence
    noun: Sentence
    about: str | None = None


NOTHING: Final = Sentence("", "")
_CUSTOMER: Final = Sentence("客户", "the customer")
_US: Final = Sentence("我们", "we")
_SOMEBODY: Final = Sentence("有人", "somebody")


def _phrase(who: Sentence, zh: str, en: str, about: str | None = None) -> Phrase:
    """``did|what|noun`` in both languages."""
    did, what, noun = (Sentence(*words) for words in zip(zh.split("|"), en.split("|"), strict=True))
    return Phrase(who, did, what, noun, about)


ANYTHING: Final = _phrase(Sentence("客户", "something"), "有了|动静|任何动静", "happened||fact of any kind")

VOCABULARY: Final[Mapping[str, Phrase]] = {
    "contact.added": _phrase(_CUSTOMER, "加了|好友|加好友", "was added|as a contact|contact added"),
    "contact.removed": _phrase(Sentence("好友关系", "the contact"), "解除了||解除好友", "was removed||contact removed"),
    "contact.blocked": _phrase(_CUSTOMER, "拉黑了|我们|拉黑", "blocked|us|block"),
    "staff.assigned": _phrase(_CUSTOMER, "分配给了|员工|分配员工", "was assigned to|a seller|assignment", "staff"),
    "profile.changed": _phrase(
        Sentence("客户资料", "the customer's profile"), "变了||资料变更", "changed||profile change"
    ),
    "tag.added": _phrase(_SOMEBODY, "手工打上了|标签|手工打标", "tagged the customer||tag by hand", "tag"),
    "tag.removed": _phrase(_SOMEBODY, "手工去掉了|标签|手工去标", "removed|a tag|tag removed by hand", "tag"),
    "message.received": _phrase(_CUSTOMER, "发来了|消息|消息", "sent|a message|message"),
    "message.sent": _phrase(_US, "发了|消息|我们的消息", "sent|a message|message of ours", "content"),
    "feedback.given": _phrase(_SOMEBODY, "记下了|客户的反馈|反馈", "noted|the customer's feedback|feedback"),
    "content.sent": _phrase(_US, "发了|内容|发内容", "sent|content|content sent", "content"),
    "content.failed": _phrase(
        _CUSTOMER, "没有收到|内容|发送失败", "did not receive|content|failed delivery", "content"
    ),
    "content.delivered": _phrase(_CUSTOMER, "收到了|内容|送达", "received|content|delivery", "content"),
    "content.clicked": _phrase(_CUSTOMER, "点了|内容|点击", "clicked|content|click", "content"),
    "content.viewed": _phrase(_CUSTOMER, "看了|内容|浏览", "viewed|content|view", "content"),
    "form.submitted": _phrase(_CUSTOMER, "提交了|表单|提交表单", "submitted|a form|form", "form"),
    "call.made": _phrase(_US, "打了|电话|去电", "called|the customer|call of ours"),
    "call.answered": _phrase(_CUSTOMER, "接了|电话|接听", "answered|a call|answered call"),
    "order.paid": _phrase(_CUSTOMER, "付了|款|付款", "paid|an order|payment"),
    "order.refunded": _phrase(_CUSTOMER, "退了|款|退款", "was refunded|an order|refund"),
    "survey.answered": _phrase(_CUSTOMER, "答了|问卷|答问卷", "answered|a survey|survey answer"),
    "stage.set": _phrase(_SOMEBODY, "手工改了|阶段|手工改阶段", "set|the stage by hand|stage set by hand"),
    "note.added": _phrase(_SOMEBODY, "记了|备注|备注", "wrote|a note|note"),
    "opportunity.done": _phrase(_SOMEBODY, "完成了|机会|完成机会", "worked|an opportunity|opportunity done", "rule"),
    "opportunity.skipped": _phrase(
        _SOMEBODY, "跳过了|机会|跳过机会", "skipped|an opportunity|opportunity skipped", "rule"
    ),
    "opportunity.snoozed": _phrase(
        _SOMEBODY, "推迟了|机会|推迟机会", "snoozed|an opportunity|opportunity snoozed", "rule"
    ),
    "task.done": _phrase(_SOMEBODY, "完成了|任务|完成任务", "did|a task|task done", "task"),
    "task.skipped": _phrase(_SOMEBODY, "跳过了|任务|跳过任务", "skipped|a task|task skipped", "task"),
    "push.paused": _phrase(_SOMEBODY, "暂停了|推送|暂停推送", "paused|the pushes|pause of pushes"),
    "push.resumed": _phrase(_SOMEBODY, "恢复了|推送|恢复推送", "resumed|the pushes|resumption of pushes"),
    "opted_out": _phrase(_CUSTOMER, "退订了||退订", "opted out||opt-out"),
    "group.created": _phrase(_US, "建了|群|建群", "created|a group|group created"),
    "group.dismissed": _phrase(_US, "解散了|群|解散群", "dismissed|a group|group dismissed"),
    "group.joined": _phrase(_CUSTOMER, "进了|群|进群", "joined|a group|group joined"),
    "group.left": _phrase(_CUSTOMER, "退了|群|退群", "left|a group|group left"),
    "group.message": _phrase(_CUSTOMER, "在群里发了|消息|群消息", "wrote|in a group|group message"),
    "checkin.done": _phrase(_CUSTOMER, "打了|卡|打卡", "checked in||check-in"),
    "referral.made": _phrase(_CUSTOMER, "推荐了|新人|转介绍", "referred|somebody|referral"),
    "points.changed": _phrase(
        Sentence("客户积分", "the customer's points"), "变动了||积分变动", "changed||change of points"
    ),
    "fact.voided": _phrase(_SOMEBODY, "作废了|事实|作废", "voided|a fact|void"),
    "customer.erased": _phrase(_SOMEBODY, "清除了|客户数据|清除", "erased|the customer's data|erasure"),
}
"""In the order in which several types are named together."""

_FIELDS: Final[Mapping[str, str]] = {
    "amount": "金额",
    "channel": "渠道",
    "content": "内容",
    "currency": "币种",
    "feedback": "反馈",
    "form": "表单",
    "nps": "评分",
    "points": "积分",
    "seconds": "秒数",
    "staff": "员工",
    "stage": "阶段",
    "tag": "标签",
    "task": "任务",
    "text": "文字",
}


def phrase_for(fact_type: str | None) -> Phrase:
    """``None`` stands for every type; an unknown one is told by its name."""
    if fact_type is None:
        return ANYTHING
    name = Sentence(fact_type, fact_type)
    unknown = Phrase(Sentence("", fact_type), Sentence("发生了", "happened"), Sentence(fact_type, ""), name)
    return VOCABULARY.get(fact_type, unknown)


def field_named(name: str) -> Sentence:
    return Sentence(_FIELDS.get(name, name), name)
