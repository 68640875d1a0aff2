"""A shop's bot introduces itself at Telegram in three languages, anew only where that changed."""

import asyncio
import logging

from bot.channels.adapter import Undeliverable
from bot.channels.telegram_client import Client
from bot.channels.telegram_menu import (
    IN_PRIVATE,
    Front,
    Fronts,
    fingerprint_of,
    languages,
    show_fronts,
)
from bot.web.wording import say
from data.kernel.database import Database
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant

log = logging.getLogger(__name__)
SHOWN = "front"  # in `ChannelAccount.settings`: the fingerprint of what Telegram shows


def fronts_of(merchant: Merchant) -> Fronts:
    shop = Locale(merchant.locale)
    return {code: _front(merchant, locale) for code, locale in languages(shop).items()}


async def introduce_shop(client: Client, database: Database, account_id: str) -> None:
    """What a merchant changed with BotFather stays until our own words change. A failure harms
    nothing: it is tried again when the door opens next."""
    try:
        fronts = await asyncio.to_thread(_unshown, database, account_id)
        if fronts is not None:
            await show_fronts(client, fronts)
            await asyncio.to_thread(_remember, database, account_id, fingerprint_of(fronts))
    except Undeliverable as problem:
        log.warning("telegram: front: %s", problem)
    except Exception:
        log.exception("telegram: front")


def _unshown(database: Database, account_id: str) -> Fronts | None:
    with database.reading() as session:
        account = session.get_one(ChannelAccount, account_id)
        fronts = fronts_of(session.get_one(Merchant, account.merchant_id))
        return None if account.settings.get(SHOWN) == fingerprint_of(fronts) else fronts


def _remember(database: Database, account_id: str, shown: str) -> None:
    with database.transaction() as session:
        account = session.get_one(ChannelAccount, account_id)
        account.settings = {**account.settings, SHOWN: shown}


def _front(merchant: Merchant, locale: Locale) -> Front:
    shop = merchant.name.get(locale) or merchant.name.get(merchant.locale, "")
    return Front(
        commands={name: say(f"telegram.command_{name}", locale) for name in IN_PRIVATE},
        description=say("telegram.description", locale, shop=shop),
        short_description=say("telegram.short_description", locale, shop=shop),
    )
