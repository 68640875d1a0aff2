"""Checks of an official account: keys, sealing, our address, its token, menu and pages; and what
it allows. What stands in WeChat's own forms nobody can ask: it says so when they are saved."""

import asyncio
import secrets
from urllib.parse import urlencode, urlsplit

from bot import own_address
from bot.app import Tuanzi
from bot.channel_abilities import abilities
from bot.channel_checks import Finding, Mark, allowed, sound
from bot.channels.wechat_menu import lines_of, menu_in
from bot.channels.wechat_parts import CAPABILITIES
from bot.channels.wechat_rules import Rules
from bot.delivery.wechat_accounts import Line, read_line, webhook_of
from bot.delivery.wechat_platform import call_by, secret_of
from bot.settings import Secret
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from integrations.egress import ForbiddenHost
from integrations.http import Unreachable
from integrations.wechat import OfficialAccount
from integrations.wechat_errors import NoPermission, WeChatError

# The numbers that a merchant can do something about; general knowledge, no live account was asked.
_NAMED = {40013: "app", 40125: "secret", 40001: "secret", 40164: "whitelist", 45009: "quota"}
_PORTS = {None, 80, 443}  # WeChat calls no other (vendor's page of the server configuration)


def check_wechat(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """Without keys nothing else can be asked."""
    with tuanzi.database.reading() as session:
        line, secret = read_line(session, account), secret_of(session, account)
    if line is None:
        return [Finding(Mark.BROKEN, "check.wechat_keys_not")]
    return [
        Finding(Mark.SOUND, "check.wechat_keys"),
        sound(not line.rules.plain, "check.wechat_sealed"),
        *asyncio.run(_asked(tuanzi, line, secret)),
        *_limits(line.rules),
        *abilities(CAPABILITIES),
        Finding(Mark.CANNOT, "check.wechat_cannot"),
    ]


async def _asked(tuanzi: Tuanzi, line: Line, secret: Secret | None) -> list[Finding]:
    ours = await _our_address(tuanzi, line)
    if secret is None or not secret.reveal():
        return [*ours, Finding(Mark.CANNOT, "check.wechat_speaks_not")]
    calls = call_by(
        tuanzi.settings, tuanzi.database, tuanzi.clock, account=line.account, secret=secret
    )
    async with calls:
        return [*ours, *await _platform(calls)]


async def _our_address(tuanzi: Tuanzi, line: Line) -> list[Finding]:
    """Called as WeChat calls it when it is entered there, and as a stranger would."""
    url = webhook_of(line.account.external_id, tuanzi.settings)
    shape = sound(urlsplit(url).port in _PORTS, "check.wechat_port", url=url)
    word, now = secrets.token_hex(8), tuanzi.clock.now()
    answer = await own_address.fetch(f"{url}?{urlencode(_signed(line, word, now.timestamp()))}")
    if isinstance(answer, str):
        return [shape, Finding(Mark.BROKEN, "check.address_away", {"url": url, "why": answer})]
    believed = (answer.status, answer.body) == (own_address.OK, word.encode())
    stranger = await own_address.fetch(f"{url}?echostr={word}")
    refused = not isinstance(stranger, str) and stranger.status == own_address.FORBIDDEN
    return [
        shape,
        sound(believed, "check.wechat_webhook", url=url, status=answer.status),
        sound(refused, "check.wechat_stranger"),
    ]


def _signed(line: Line, word: str, now: float) -> dict[str, str]:
    """Sealed as well as signed: one answer proves token, key, app id and clock of who serves."""
    stamp = {"timestamp": str(int(now)), "nonce": secrets.token_hex(8)}
    sealed = line.keys.seal(word)
    signature = line.keys.signature(*stamp.values(), sealed)
    return {**stamp, "echostr": sealed, "msg_signature": signature}


async def _platform(calls: OfficialAccount) -> list[Finding]:
    """The first call tells whether anything is answered at all."""
    try:
        menu = await _menu(calls)
        return [Finding(Mark.SOUND, "check.wechat_token"), menu, await _pages(calls)]
    except WeChatError as error:
        return [_refusal(error)]
    except (Unreachable, ForbiddenHost) as error:
        return [Finding(Mark.BROKEN, "check.wechat_away", {"why": str(error)})]


async def _menu(calls: OfficialAccount) -> Finding:
    """Ours in any language, the merchant's own, or none."""
    try:
        there = lines_of(await calls.menu())
    except NoPermission:
        return Finding(Mark.CANNOT, "check.wechat_menu_forbidden")
    shown = " | ".join(there)
    if not there:
        return Finding(Mark.CANNOT, "check.wechat_menu_not")
    is_ours = any(there == lines_of(menu_in(locale)) for locale in Locale)
    text = "check.wechat_menu" if is_ours else "check.wechat_menu_other"
    return Finding(Mark.SOUND if is_ours else Mark.CAN, text, {"menu": shown})


async def _pages(calls: OfficialAccount) -> Finding:
    """The ticket that a shared page's card is signed with, one for all processes like the token."""
    try:
        await calls.ticket()
    except NoPermission:
        return allowed(False, "check.wechat_share")
    return allowed(True, "check.wechat_share")


def _refusal(error: WeChatError) -> Finding:
    """In words where we know any; the number always."""
    name = _NAMED.get(error.code, "refused")
    return Finding(Mark.BROKEN, f"check.wechat_{name}_not", {"code": error.code})


def _limits(rules: Rules) -> list[Finding]:
    """As this account's settings have them."""
    windows = {
        "messages": rules.message.messages,
        "hours": round(rules.message.seconds / 3600),
        "touched": rules.touch.messages,
        "seconds": round(rules.touch.seconds),
    }
    purposes = ", ".join(sorted(rules.templates))
    return [
        Finding(Mark.CAN, "check.wechat_windows", windows),
        allowed(bool(rules.templates), "check.wechat_templates", purposes=purposes),
    ]
