"""Checks of a Telegram bot: token, webhook, secret, menu; and what its settings allow."""

import asyncio

from bot.app import Tuanzi
from bot.channel_abilities import abilities
from bot.channel_checks import Finding, Mark, allowed, sound
from bot.channels.adapter import Undeliverable
from bot.channels.telegram import Ways, capabilities_of
from bot.channels.telegram_client import Client, TokenRefused
from bot.channels.telegram_standing import Standing, standing_of
from bot.channels.telegram_updates import WANTED
from bot.delivery.telegram_accounts import PROVIDER, Connected, unsealed
from bot.delivery.telegram_door import webhook_of
from bot.settings import Settings
from data.merchants import ChannelAccount


def check_telegram(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """What Telegram tells is asked once; without a token nothing else can be asked."""
    connected = _connected(tuanzi, account)
    if connected is None:
        return [Finding(Mark.BROKEN, "check.telegram_sealed_not")]
    try:
        stands = asyncio.run(_ask(connected, tuanzi.settings.telegram_api))
    except TokenRefused:
        return [Finding(Mark.BROKEN, "check.telegram_token_not")]
    except Undeliverable as problem:
        return [Finding(Mark.BROKEN, "check.telegram_away", {"why": str(problem)})]
    return [
        Finding(Mark.SOUND, "check.telegram_token", {"bot": stands.username}),
        *_deliveries(tuanzi.settings, account, stands),
        *_switches(stands),
        allowed(PROVIDER in account.settings, "check.telegram_invoices"),
        *abilities(capabilities_of(Ways(stands.username))),
        Finding(Mark.CAN, "check.telegram_can"),
        Finding(Mark.CAN, "check.telegram_votes"),
        Finding(Mark.CANNOT, "check.telegram_cannot"),
    ]


def _connected(tuanzi: Tuanzi, account: ChannelAccount) -> Connected | None:
    given, secret = tuanzi.settings.telegram_token, tuanzi.settings.telegram_secret
    if given is not None and given.reveal().partition(":")[0] == account.external_id:
        return Connected(given, secret or given)
    with tuanzi.database.reading() as session:
        if "token" not in account.settings:
            return None
        return unsealed(session, account)


async def _ask(connected: Connected, api: str) -> Standing:
    client = Client(connected.token.reveal(), api)
    try:
        await client.introduce()
        return await standing_of(client)
    finally:
        await client.shutdown()


def _deliveries(settings: Settings, account: ChannelAccount, stands: Standing) -> list[Finding]:
    """How its updates come in."""
    ours = "" if settings.telegram_polling else webhook_of(account, settings)
    way = "check.telegram_polling" if settings.telegram_polling else "check.telegram_webhook"
    found = [
        sound(stands.webhook == ours, way, url=ours, theirs=stands.webhook or "-"),
        sound(account.secret is not None or settings.telegram_polling, "check.telegram_secret"),
        sound(stands.commands > 0, "check.telegram_menu", count=stands.commands),
    ]
    if stands.waiting or stands.problem:
        values = {"count": stands.waiting, "why": stands.problem or "-"}
        text = "check.telegram_failing" if stands.problem else "check.telegram_waiting"
        found.append(Finding(Mark.BROKEN if stands.problem else Mark.SOUND, text, values))
    missing = sorted(set(WANTED) - stands.kinds)
    if missing and stands.webhook:
        values = {"kinds": ", ".join(missing)}
        found.append(Finding(Mark.BROKEN, "check.telegram_kinds_not", values))
    return found


def _switches(stands: Standing) -> list[Finding]:
    """As BotFather's switches stand."""
    return [
        allowed(stands.joins_groups, "check.telegram_groups"),
        allowed(stands.reads_groups, "check.telegram_reads"),
        allowed(stands.inline, "check.telegram_inline"),
    ]
