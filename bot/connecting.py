"""`tuanzi connect-telegram`: a shop's own bot, asked of Telegram first and then kept sealed."""

import argparse
import asyncio
import re

from bot.app import Tuanzi
from bot.channels.adapter import Undeliverable
from bot.channels.telegram_client import Client, TokenRefused
from bot.delivery.telegram_accounts import Bot, connect
from bot.delivery.telegram_door import webhook_of
from bot.terminal import EXIT_USAGE, CannotDo, ask_secret, tell
from bot.which_shop import find_merchant
from data.kernel.errors import Refused

# As BotFather writes them: the bot's number, a colon, and the secret.
_TOKEN = re.compile(r"[0-9]{1,19}:[A-Za-z0-9_-]{20,}")


def connect_telegram(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Telegram says whose token it is; nothing is kept of one it does not know."""
    settings = tuanzi.settings
    if not settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
    token = ask_secret("cli.ask_bot_token").strip()
    if not _TOKEN.fullmatch(token):
        raise CannotDo(("cli.no_bot_token", {}), exit_code=EXIT_USAGE)
    bot = asyncio.run(_introduced(token, settings.telegram_api))
    try:
        with tuanzi.database.transaction() as session:
            now = tuanzi.clock.now()
            account = connect(session, merchant_id=merchant_id, bot=bot, token=token, now=now)
    except Refused as error:
        raise CannotDo(("cli.bot_taken", {"bot": bot.username})) from error
    tell(
        "cli.telegram_connected",
        bot=bot.username,
        shop=merchant_id,
        webhook=webhook_of(account, settings),
    )
    return 0


async def _introduced(token: str, api: str) -> Bot:
    client = Client(token, api)
    try:
        await client.introduce()
        return Bot(client.id, client.username)
    except TokenRefused:
        raise CannotDo(("cli.token_refused", {})) from None
    except Undeliverable as problem:
        raise CannotDo(("cli.telegram_away", {"why": str(problem)})) from None
    finally:
        await client.shutdown()
