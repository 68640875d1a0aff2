"""The people at WeChat's stand-in: what each did, what an account may therefore say to them, and
what stood on their screen (wechat_platform.py says what all this is anchored on)."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# The user sees this when an account does not answer in time (the vendor's page on passive replies
# tells of a system message; its words are these in Chinese clients).
OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(slots=True)
class Rules:
    """Numbers of the vendor's pages, in its own seconds; `speed` of them pass in one of ours."""

    speed: float = 1.0
    passive_seconds: float = 5.0
    tries: int = 3
    # What somebody did: how many messages for how long. Pages of different years differ.
    windows: dict[str, tuple[int, float]] = field(
        default_factory=lambda: {"message": (5, 48 * 3600.0), "event": (3, 60.0)}
    )
    token_seconds: int = 7200
    # As documented, asking again gives the same token, and in its last five minutes a new one
    # beside it. The harsher rule (each new token kills the one before) is the default, because it
    # is what the older call does and what we must survive.
    stable: bool = False
    refused_codes: dict[str, int] = field(default_factory=dict)  # call: errcode, once


@dataclass(slots=True)
class Window:
    left: int
    until: float


@dataclass(slots=True)
class User:
    """`seen` is the journal: what came, how, and when by the platform's clock."""

    openid: str
    name: str = ""
    language: str = "zh_CN"
    follows: bool = True
    windows: dict[str, Window] = field(default_factory=dict)
    grants: Counter[str] = field(default_factory=Counter)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def did(self, what: str, rules: Rules, now: float) -> None:
        """Opens a window; the same again opens it anew."""
        count, seconds = rules.windows[what]
        self.windows[what] = Window(count, now + seconds)

    def take_place(self, now: float) -> int:
        """The errcode of one more customer message: 0, outside every window, or used up."""
        if not self.follows:
            return 43004
        open_now = [one for one in self.windows.values() if one.until > now]
        free = [one for one in open_now if one.left > 0]
        if not free:
            return 45047 if open_now else 45015
        min(free, key=lambda one: one.until).left -= 1
        return 0

    def take_grant(self, template_id: str) -> int:
        if not self.grants[template_id]:
            return 43101
        self.grants[template_id] -= 1
        return 0

    def sees(self, by: str, message: dict[str, Any], now: float) -> None:
        self.seen.append({"by": by, "at": now, **message})
