"""WeChat's official-account calls, those that we need. Who asks for what stands in channels.md.

One try each: a dead token is renewed once and the call made once more, everything else is told.
`Unreachable` means that it is not known whether WeChat did it: a message may have been sent.
"""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from data.delivery.token_models import TokenKind
from integrations.egress import Egress
from integrations.wechat_calling import Line, parsed
from integrations.wechat_errors import WeChatError
from integrations.wechat_shapes import (
    App,
    Errcode,
    Follower,
    Media,
    Menu,
    Profile,
    QrCode,
    Sent,
    Ticket,
    Visitor,
)
from integrations.wechat_tokens import Fresh, SharedTokens

LARGEST_PICTURE = 2 * 1024 * 1024  # bytes; media/upload takes 10 MB, older pages say 2
LONGEST_SCENE = 64  # letters of a QR code's scene (vendor's page of qrcode/create)
LONGEST_CODE_LIFE = 30 * 24 * 3600  # seconds of a code that ends, likewise
_NO_MENU = 46003


class OfficialAccount:
    """The calls that we need; open as long as it is entered, or until it is closed."""

    def __init__(
        self, app: App, tokens: SharedTokens, *, api: str, egress: Egress | None = None
    ) -> None:
        self._line = Line(app, tokens, api=api, egress=egress)

    def __repr__(self) -> str:
        return f"OfficialAccount({self._line.app.id})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._line.close()

    async def send(self, openid: str, message: Mapping[str, Any]) -> None:
        """A customer message: `{"msgtype": "text", "text": {"content": …}}` and its like."""
        await self._line.tell("message/custom/send", {"touser": openid, **message}, Errcode)

    async def send_template(
        self, openid: str, template_id: str, data: Mapping[str, Any], url: str
    ) -> None:
        told = {"touser": openid, "template_id": template_id, "url": url, "data": data}
        await self._line.tell("message/template/send", told, Sent)

    async def send_granted(
        self, openid: str, template_id: str, data: Mapping[str, Any], page: str = ""
    ) -> None:
        """The one message that a person accepted by a tap."""
        told = {"touser": openid, "template_id": template_id, "data": data}
        told |= {"page": page} if page else {}
        await self._line.tell("message/subscribe/bizsend", told, Errcode)

    async def create_menu(self, buttons: list[dict[str, Any]]) -> None:
        """The whole menu at once; the old one is gone."""
        await self._line.tell("menu/create", {"button": buttons}, Errcode)

    async def menu(self) -> list[dict[str, Any]]:
        """As it stands there; none is an empty one."""
        try:
            answer = await self._line.look("menu/get", {}, Menu)
        except WeChatError as error:
            if error.code != _NO_MENU:
                raise
            return []
        buttons: list[dict[str, Any]] = answer.menu.get("button", [])
        return buttons

    async def make_code(self, scene: str, *, seconds: int | None = None) -> QrCode:
        """A QR code that brings `scene` along with who scans it; without `seconds` for ever, of
        which an account has 100,000."""
        if not 0 < len(scene) <= LONGEST_SCENE:
            raise ValueError("scene")
        name = "QR_LIMIT_STR_SCENE" if seconds is None else "QR_STR_SCENE"
        wanted: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}}
        wanted |= {} if seconds is None else {"expire_seconds": min(seconds, LONGEST_CODE_LIFE)}
        return await self._line.tell("qrcode/create", {"action_name": name, **wanted}, QrCode)

    async def ticket(self) -> str:
        """For the signature of a page; one for all processes, like the token."""
        return (await self._line.tokens.token(TokenKind.JSAPI, self._ask_ticket)).token

    async def follower(self, openid: str) -> Follower:
        return await self._line.look("user/info", {"openid": openid}, Follower)

    async def upload_picture(self, name: str, kind: str, content: bytes) -> str:
        """A picture for three days; gives its media id. `kind` is its MIME type."""
        if len(content) > LARGEST_PICTURE:
            raise ValueError("picture")
        body, content_type = _as_form(name, kind, content)
        query = {"type": "image"}
        answer = await self._line.authorised("POST", "media/upload", query, body, content_type)
        return parsed(answer, Media).media_id

    async def visitor(self, code: str) -> Visitor:
        """Who came back from the platform with this code, which works once."""
        return await self._line.ask_page(
            "oauth2/access_token",
            {"appid": self._line.app.id, "secret": self._line.app.secret, "code": code}
            | {"grant_type": "authorization_code"},
            Visitor,
        )

    async def profile(self, visitor: Visitor) -> Profile:
        """Only where they agreed to it (scope snsapi_userinfo)."""
        asked = {"access_token": visitor.access_token, "openid": visitor.openid, "lang": "zh_CN"}
        return await self._line.ask_page("userinfo", asked, Profile)

    async def _ask_ticket(self) -> Fresh:
        ticket = await self._line.look("ticket/getticket", {"type": "jsapi"}, Ticket)
        return Fresh(ticket.ticket, ticket.expires_in)


class _Form(NamedTuple):
    body: bytes
    content_type: str


def _as_form(name: str, kind: str, content: bytes) -> _Form:
    """One file as browsers send it; what could end a header is no part of a name."""
    clean = "".join(letter for letter in name if letter.isalnum() or letter in "._-") or "picture"
    edge = secrets.token_hex(16)
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="media"; filename="{clean}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return _Form(body, f"multipart/form-data; boundary={edge}")
