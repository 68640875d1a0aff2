"""WeCom's calls that customer service (微信客服, `kf`) needs: its news, a message, a greeting.

The same line as to WeChat (integrations/wechat_calling), with WeCom's own token and numbers.
`Unreachable` means that it is not known whether WeCom did it: a message may have been sent.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, Field

from integrations.egress import Egress
from integrations.wechat_calling import Line, parsed
from integrations.wechat_errors import (
    NoPermission,
    NotSubscribed,
    QuotaReached,
    TokenExpired,
    WeChatError,
    WindowClosed,
    WithStaff,
    WordRefused,
)
from integrations.wechat_shapes import App, Errcode, Token
from integrations.wechat_tokens import Fresh, SharedTokens

# Of 1000 that it gives (vendor's page of kf/sync_msg): each is one transaction of ours, and a text
# of 2048 bytes may be six times as long in JSON.
AT_ONCE = 100
WAITING_FOR_STAFF = 2  # service_state (vendor's page of kf/service_state/trans)


class News(BaseModel):
    """What came since a cursor. There may be more although nothing is in it."""

    next_cursor: str = ""
    has_more: int = 0
    msg_list: list[Any] = Field(default_factory=list)


class Desk(BaseModel):
    """An account of customer service, as a company sees it."""

    open_kfid: str
    name: str = ""


class Desks(BaseModel):
    account_list: list[Desk] = Field(default_factory=list)


class Way(BaseModel):
    """The link that opens a talk with a desk."""

    url: str


# Vendor's page of all return codes; who is unknown (40096, 84061) by the names given there.
_CODES: Mapping[int, type[WeChatError]] = {
    40014: TokenExpired,
    40096: NotSubscribed,
    42001: TokenExpired,
    45009: QuotaReached,
    48002: NoPermission,
    84061: NotSubscribed,
    95001: WindowClosed,
    95002: WindowClosed,
    95007: WordRefused,
    95013: WithStaff,
    95018: WithStaff,
}


class _CorpLine(Line):
    codes = _CODES
    largest = 2 * 1024 * 1024

    async def ask_token(self, *, force: bool = False) -> Fresh:
        """The same one is given while it is good; a new one cannot be had by force."""
        wanted = {"corpid": self.app.id, "corpsecret": self.app.secret}
        token = parsed(await self.call("GET", f"{self.api}/cgi-bin/gettoken", wanted), Token)
        return Fresh(token.access_token, token.expires_in)


class CustomerService:
    """One company's app, and the desk it speaks for; open as long as it is entered."""

    def __init__(
        self,
        app: App,
        tokens: SharedTokens,
        *,
        desk: str,
        api: str,
        egress: Egress | None = None,
    ) -> None:
        self.desk = desk
        self._line = _CorpLine(app, tokens, api=api, egress=egress)

    def __repr__(self) -> str:
        return f"CustomerService({self._line.app.id}, {self.desk})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self._line.close()

    async def news(self, cursor: str, word: str) -> News:
        """`word` came with the bell; without one it may be asked only now and then."""
        wanted = {"cursor": cursor, "token": word, "limit": AT_ONCE, "open_kfid": self.desk}
        told = {name: value for name, value in wanted.items() if value}
        return await self._line.tell("kf/sync_msg", told, News)

    async def send(self, customer: str, message: Mapping[str, Any], name: str) -> None:
        """`name` is ours: the same twice is shown once."""
        told = {"touser": customer, "open_kfid": self.desk, "msgid": name, **message}
        await self._line.tell("kf/send_msg", told, Errcode)

    async def greet(self, word: str, message: Mapping[str, Any], name: str) -> None:
        """Whoever came in, by the word of that event; text and menus only."""
        told = {"code": word, "msgid": name, **message}
        await self._line.tell("kf/send_msg_on_event", told, Errcode)

    async def hand_over(self, customer: str) -> None:
        """To the staff who wait in WeCom itself: until they end it we can say nothing."""
        state = {"service_state": WAITING_FOR_STAFF}
        told = {"open_kfid": self.desk, "external_userid": customer, **state}
        await self._line.tell("kf/service_state/trans", told, Errcode)

    async def desks(self) -> list[Desk]:
        """All that this app may speak for, as far as one page tells."""
        return (await self._line.tell("kf/account/list", {"limit": AT_ONCE}, Desks)).account_list

    async def way_in(self, desk: str) -> str:
        """A desk's link; what stands behind `scene_param=` comes along with who opens it."""
        told = {"open_kfid": desk, "scene": "tuanzi"}
        return (await self._line.tell("kf/add_contact_way", told, Way)).url
