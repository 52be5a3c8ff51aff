"""Who the customers of 知行学堂 are, how they take to us, and which seller they are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from domain.instants import DAY, Instant


class Temper(NamedTuple):
    """Chances per touch while interest is fresh; ``asks`` is per day; interest halves every ``half_life`` days."""

    share: float
    views: float
    clicks: float
    replies: float
    warm: float
    """How many of the replies are positive or exploring."""
    asks: float
    buys: float
    """After a real call."""
    half_life: float


TEMPERS: Final = (
    Temper(0.49, 0.19, 0.03, 0.040, 0.10, 0.000, 0.02, 30),  # silent
    Temper(0.11, 0.55, 0.15, 0.060, 0.30, 0.010, 0.08, 30),  # reads, hardly writes
    Temper(0.15, 0.55, 0.22, 0.240, 0.55, 0.110, 0.14, 50),  # curious
    Temper(0.16, 0.65, 0.40, 0.340, 0.75, 0.280, 0.28, 60),  # eager
)
REFUSING: Final = Temper(0.09, 0.20, 0.02, 0.160, 0.05, 0.000, 0.00, 60)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SURNAMES = _listed(
    "林Lin 陈Chen 周Zhou 赵Zhao 王Wang 孙Sun 李Li 张Zhang 刘Liu 杨Yang 黄Huang 吴Wu 徐Xu 朱Zhu 马Ma "
    "胡Hu 郭Guo 何He 高Gao 罗Luo 郑Zheng 梁Liang 谢Xie 宋Song 唐Tang 许Xu 韩Han 冯Feng 邓Deng 曹Cao"
)
_GIVEN = _listed(
    "静Jing 曼Man 强Qiang 蕙Hui 凯Kai 珊Shan 敏Min 丽Li 娟Juan 艳Yan 芳Fang 洁Jie 婷Ting 玲Ling 雪Xue "
    "慧Hui 莉Li 倩Qian 颖Ying 梅Mei 磊Lei 洋Yang 勇Yong 杰Jie 涛Tao 明Ming 超Chao 伟Wei 欣Xin 悦Yue "
    "涵Han 琪Qi 瑶Yao 蕾Lei 薇Wei 晨Chen"
)
_CITIES = _listed("杭州 广州 成都 南京 上海 武汉 北京 深圳 西安 长沙 重庆 苏州 郑州 青岛 厦门 合肥")
_CHANNELS = (
    ("抖音直播", "dy-live"),
    ("小红书", "xhs-note"),
    ("视频号", "sph"),
    ("公众号", "mp-menu"),
    ("转介绍", "ref-card"),
)

_SELLERS = {
    "未婚": ("single", "单身组", _listed("ai 小艾 dan 丹丹 qing 青青 xin 心心 yun 云云 ning 宁宁 shan 珊珊 jia 佳佳")),
    "已婚": ("married", "婚姻组", _listed("bei 贝贝 fei 菲菲 hua 华华 mei 美美 rui 瑞瑞 ting 婷婷 wen 文文 yi 依依")),
    "离异": ("divorced", "离异组", _listed("chu 楚楚 han 涵涵 jing 静静 lu 露露 nan 楠楠 qi 琪琪 su 苏苏 xia 夏夏")),
    "": ("fallback", "公共池", _listed("gong 知行小助手 gong-2 二号小助手 gong-3 三号小助手 gong-4 四号小助手")),
}
_A_TEAM = 800
"""Customers by index that share one seller of each group: some 150 to 260 each."""


@dataclass(frozen=True, slots=True)
class Person:
    customer: str
    temper: Temper
    ours: bool
    """Interested in what this journey sells; 亲子教育 belongs to another business."""
    attributes: dict[str, str]
    state: str
    staff: str
    every_day: bool
    """Whether this seller works on weekends too."""
    assigned: dict[str, str]


def person(rng: Random, index: int, mark: str) -> Person:
    """The customer with this index; ``mark`` keeps those of different worlds apart."""
    surname, given = _any(rng, _SURNAMES), _any(rng, _GIVEN)
    roll = rng.random()
    interest = "亲密关系" if roll < 0.62 else "婚姻经营" if roll < 0.97 else "亲子教育"
    roll = rng.random()
    status = "未婚" if roll < 0.32 else "已婚" if roll < 0.65 else "离异" if roll < 0.86 else "未透露"
    channel, state = _CHANNELS[int(rng.random() ** 1.5 * len(_CHANNELS))]
    attributes = {
        "name": surname[0] + given[0],
        "course_interest": interest,
        "marital_status": status,
        "city": _any(rng, _CITIES),
        "channel": channel,
    }
    if rng.random() < 0.3:
        born = f"{1975 + int(rng.random() * 28)}-{1 + int(rng.random() * 12):02}-{1 + int(rng.random() * 28):02}"
        attributes["birthday"] = born
    assigned = _given_to(rng, index, status)
    return Person(
        customer=f"wm{surname[1:]}{given[1:]}{index:04}_{mark}",
        temper=_temper(rng),
        ours=interest != "亲子教育",
        attributes=attributes,
        state=state,
        staff=assigned["staff"],
        every_day=assigned["staff"].startswith("gong"),
        assigned=assigned,
    )


def interest_left(temper: Temper, since: Instant, now: Instant) -> float:
    """From 1 towards 0."""
    return float(0.5 ** ((now - since) / (DAY * temper.half_life)))


def _temper(rng: Random) -> Temper:
    roll = rng.random()
    for temper in TEMPERS:
        roll -= temper.share
        if roll < 0:
            return temper
    return REFUSING


def _given_to(rng: Random, index: int, status: str) -> dict[str, str]:
    """What the fact ``staff.assigned`` says."""
    group = status if status in _SELLERS else ""
    full = bool(group) and rng.random() < 0.05
    rule, title, names = _SELLERS["" if full else group]
    turn, team = divmod(index // _A_TEAM, len(names) // 2)
    staff, seller = names[2 * team] + ("" if turn == 0 else f"-{turn}"), names[2 * team + 1]
    if full:
        reason = f"{status}，{_SELLERS[group][1]}已满（200/200），转{title}"
    else:
        reason = f"{status}，{title}，{seller}在手 {60 + int(rng.random() * 140)}/200"
    return {"staff": staff, "rule": rule, "reason": reason}


def _any(rng: Random, texts: Sequence[str]) -> str:
    return texts[int(rng.random() * len(texts))]
