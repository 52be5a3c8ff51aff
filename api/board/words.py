"""Every text of the pages, in Chinese and English, in one catalogue."""

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "as_of": ("截至", "As of"),
    "board": ("阶段看板", "Board by stage"),
    "because": ("原因", "Because of"),
    "by_hand": ("人工", "by hand"),
    "by_rule": ("规则", "by rule"),
    "customer": ("客户", "Customer"),
    "customers": ("位客户", "customers"),
    "day_after": ("后一天", "Next day"),
    "day_before": ("前一天", "Day before"),
    "facts": ("最近的事实", "Latest facts"),
    "month_after": ("后一月", "Next month"),
    "month_before": ("前一月", "Month before"),
    "key": ("密钥", "Key"),
    "key_unfit": (
        "这把密钥不能登录：不存在、已失效，或只能写入事实。",
        "No page opens with this key: it is unknown, no longer in force, or only sends facts.",
    ),
    "link_expired": (
        "链接已失效。重新启动 Trailbook 会给出新的链接，或用密钥登录。",
        "This link has expired. Start Trailbook again for a new one, or log in with a key.",
    ),
    "log_in": ("登录", "Log in"),
    "log_in_note": (
        "粘贴以 tb_ 开头的密钥。没有密钥？请管理员运行 trailbook keys add。",
        "Paste a key; it begins with tb_. You have none? An administrator makes one with `trailbook keys add`.",
    ),
    "log_out": ("退出", "Log out"),
    "more": ("再看一些", "Show more"),
    "next_timer": ("下一个定时", "Next timer"),
    "no_customer": ("没有这位客户的事实。", "No facts of a customer of that name."),
    "no_journey": (
        "还没有旅程。先检查规则册，再发布：trailbook rulebook lint 文件；POST /v1/journeys/旅程/rulebooks。",
        "There is no journey yet. Check a rulebook with `trailbook rulebook lint FILE`, then publish it: "
        "POST /v1/journeys/JOURNEY/rulebooks.",
    ),
    "nobody": ("这一刻没有人在这个阶段", "Nobody stands here at this instant"),
    "none": ("无", "none"),
    "not_worked": (
        "还没有算完：投影停在第 {position} 条，请稍候再刷新。",
        "Not derived yet: the projection is at position {position}. Reload in a moment.",
    ),
    "now": ("此刻", "Now"),
    "off": ("不在旅程中", "Not on this journey"),
    "open": ("机会", "Opportunities"),
    "other_language": ("English", "中文"),
    "position": ("日志位置", "Log position"),
    "role_admin": ("管理员", "administrator"),
    "role_auditor": ("审计", "auditor"),
    "role_ops": ("运营", "operations"),
    "role_seller": ("销售", "seller"),
    "rule": ("规则", "Rule"),
    "rulebook": ("规则册", "Rulebook"),
    "sample_note": (
        "示例数据止于 2018-01-01，此后人人都已沉默；请选 2017 年的一天来看。",
        "The sample's history ends on 2018-01-01; after it everybody has gone quiet. Choose a day of 2017.",
    ),
    "show": ("查看", "Show"),
    "since": ("自", "since"),
    "skip": ("跳到正文", "Skip to content"),
    "stage": ("阶段", "Stage"),
    "step": ("步", "Step"),
    "tags": ("标签", "Tags"),
    "timer": ("定时", "timer"),
    "trail": ("轨迹：每一步，及其因", "Trail: every step, and why"),
    "trail_empty": ("到这一刻还没有发生任何一步。", "No step had been made by this instant."),
    "when": ("时间", "When"),
    "entered": ("进入", "entered"),
    "left": ("离开", "left"),
    "moved": ("变更", "moved"),
    "renamed": ("改名", "renamed"),
    "tag_added": ("打标", "tag added"),
    "tag_removed": ("去标", "tag removed"),
    "opened": ("机会打开", "opened"),
    "closed": ("机会关闭", "closed"),
    "timer_after": ("到时无动静", "time passed"),
    "timer_expiry": ("标签到期", "tag expired"),
    "timer_hold": ("保持结束", "hold ended"),
    "timer_open_for": ("机会到期", "opportunity ended"),
    "timer_rulebook": ("新规则册生效", "a rulebook came into force"),
}


def words(language: Language) -> dict[str, str]:
    """The catalogue in one language."""
    place = LANGUAGES.index(language)
    return {name: texts[place] for name, texts in WORDS.items()}
