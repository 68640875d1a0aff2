"""How WeChat's stand-in tells an account what somebody did: sealed and signed with wechatpy's own
crypto, within the deadline, three times with the same MsgId."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import aiohttp
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from data.kernel.clock import SystemClock
from tests.peers.wechat_users import Rules

_SILENCE = {"", "success"}


@dataclass(slots=True)
class Webhook:
    """Where the account wants to be told, and what both sides share."""

    url: str = ""
    token: str = ""
    aes_key: str = ""
    app_id: str = ""
    plain: bool = False
    skew: int = 0  # seconds that the stamps of our calls are off

    async def verify(self, echo: str) -> tuple[int, str]:
        """The call when a merchant saves the address: it must answer with `echo`."""
        url = f"{self.url}?{urlencode({**self._signed(), 'echostr': echo})}"
        async with aiohttp.ClientSession(trust_env=False) as http, http.get(url) as answer:
            return answer.status, await answer.text()

    def sealed(self, xml: str, openid: str) -> tuple[str, str]:
        """Query and body of one call."""
        query = {**self._signed(), "openid": openid}
        if self.plain:
            return urlencode(query), xml
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        sealed = xmltodict.parse(crypto.encrypt_message(xml, query["nonce"], query["timestamp"]))
        told = sealed["xml"]
        query |= {"encrypt_type": "aes", "msg_signature": told["MsgSignature"]}
        body = {"ToUserName": "gh_stand_in", "Encrypt": told["Encrypt"]}
        return urlencode(query), as_xml(body)

    def opened(self, answer: str) -> dict[str, Any]:
        """A passive reply as the person will see it; raises for what the platform cannot read."""
        told = xmltodict.parse(answer)["xml"]
        if not self.plain:
            crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
            xml = crypto.decrypt_message(
                answer, told["MsgSignature"], told["TimeStamp"], told["Nonce"]
            )
            told = xmltodict.parse(xml)["xml"]
        return dict(told)

    def _signed(self) -> dict[str, str]:
        stamp = str(int(SystemClock().now().timestamp()) + self.skew)
        nonce = secrets.token_hex(5)
        signer = WeChatSigner()
        signer.add_data(self.token, stamp, nonce)
        return {"signature": signer.signature, "timestamp": stamp, "nonce": nonce}


@dataclass(frozen=True, slots=True)
class Told:
    """How it went: `answer` None after every try failed; `tries` says how often we called."""

    answer: dict[str, Any] | None
    tries: int
    silent: bool = False
    statuses: tuple[int, ...] = ()


async def tell(webhook: Webhook, rules: Rules, fields: dict[str, Any]) -> Told:
    """Call until it answers in time. What cannot be read is not asked for again."""
    xml, statuses = as_xml(fields), list[int]()
    for number in range(1, rules.tries + 1):
        query, body = webhook.sealed(xml, str(fields.get("FromUserName", "")))
        try:
            text, status = await _post(f"{webhook.url}?{query}", body, rules)
        except (TimeoutError, aiohttp.ClientError):
            statuses.append(0)
            continue
        statuses.append(status)
        if status != 200:
            continue
        if text.strip() in _SILENCE:
            return Told({}, number, silent=True, statuses=tuple(statuses))
        try:
            return Told(webhook.opened(text), number, statuses=tuple(statuses))
        except Exception:
            return Told(None, number, statuses=tuple(statuses))
    return Told(None, rules.tries, statuses=tuple(statuses))


async def _post(url: str, body: str, rules: Rules) -> tuple[str, int]:
    async with asyncio.timeout(rules.passive_seconds / rules.speed):
        async with aiohttp.ClientSession(trust_env=False) as http:
            headers = {"content-type": "text/xml"}
            async with http.post(url, data=body.encode(), headers=headers) as answer:
                return await answer.text(), answer.status


def as_xml(fields: dict[str, Any], name: str = "xml") -> str:
    """Plain values as CDATA, dictionaries and lists as the vendor nests them."""
    return f"<{name}>{''.join(_element(key, value) for key, value in fields.items())}</{name}>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return as_xml(value, name)
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if "]]>" in str(value):
        return f"<{name}>{escape(str(value))}</{name}>"
    return f"<{name}><![CDATA[{value}]]></{name}>"
