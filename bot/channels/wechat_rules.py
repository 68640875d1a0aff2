"""What WeChat allows an account: numbers that its sources disagree on, so they are settings.

`ChannelAccount.settings["wechat"]` may say other ones; what it leaves out is as here.
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from data.delivery.messages import Purpose
from data.merchants import ChannelAccount

RULES = "wechat"


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Rule):
    """So many messages within so many seconds after somebody did something."""

    messages: int = Field(ge=0)
    seconds: float = Field(ge=0)


class Template(_Rule):
    """An approved template of one field for our words; `granted`: each message needs a grant."""

    id: str = Field(min_length=1, max_length=60)
    field: str = Field(min_length=1, max_length=40)
    longest: int = Field(default=20, ge=1)  # of a `thing` field [K]
    granted: bool = True


class Rules(_Rule):
    """`reply_seconds`: WeChat hangs up after that and calls again, `calls` times in all. `plain`:
    takes unsealed calls, whose signature does not cover what they say."""

    reply_seconds: float = Field(default=5.0, gt=0)
    calls: int = Field(default=3, ge=1)
    message: Window = Window(messages=5, seconds=48 * 3600)
    touch: Window = Window(messages=3, seconds=60)
    templates: dict[Purpose, Template] = Field(default_factory=dict)
    plain: bool = False

    @classmethod
    def of(cls, account: ChannelAccount) -> Self:
        told: dict[str, Any] = account.settings.get(RULES, {})
        return cls.model_validate(told)
