"""`tuanzi telegram payments`: a bot's invoices, and the sealed token of who takes their money."""

import argparse
import asyncio

from bot.app import Tuanzi
from bot.channel_checks import find_account
from bot.channels.adapter import Rejected, Undeliverable
from bot.channels.telegram_client import Client, TokenRefused
from bot.channels.telegram_invoices import try_provider
from bot.delivery.telegram_accounts import bot_token_of, take_invoices
from bot.settings import Secret
from bot.terminal import EXIT_USAGE, CannotDo, ask_secret, tell
from bot.which_shop import find_merchant
from data.kernel.money import exponent
from data.merchants import ChannelAccount

_DECIMALS = 2  # Telegram has a list of its own; "2 for the majority" is all that is surely ours


def manage_telegram(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """`verb`: payments. Telegram is asked first; nothing is kept of a token it does not take."""
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        account = find_account(session, merchant.id, options.account)
        token = bot_token_of(session, account, tuanzi.settings)
    if account.channel != "telegram" or token is None:
        raise CannotDo(("cli.telegram_none", {"account": options.account}))
    provider = None if options.off else _asked_for(tuanzi, token, merchant.currency)
    with tuanzi.database.transaction() as session:
        take_invoices(session, session.get_one(ChannelAccount, account.id), provider)
    told = "cli.telegram_payments_off" if options.off else "cli.telegram_payments_on"
    tell(told, account=account.external_id)
    return 0


def _asked_for(tuanzi: Tuanzi, token: Secret, currency: str) -> str:
    if exponent(currency) != _DECIMALS:
        raise CannotDo(("cli.telegram_payments_currency", {"currency": currency}))
    provider = ask_secret("cli.ask_provider_token").strip()
    if not provider or not provider.isprintable():
        raise CannotDo(("cli.no_provider_token", {}), exit_code=EXIT_USAGE)
    asyncio.run(_try(Client(token.reveal(), tuanzi.settings.telegram_api), provider, currency))
    return provider


async def _try(client: Client, provider: str, currency: str) -> None:
    try:
        await client.introduce()
        await try_provider(client, provider, currency)
    except TokenRefused:
        raise CannotDo(("cli.token_refused", {})) from None
    except Rejected as refusal:
        why = str(refusal).replace(provider, "***")
        raise CannotDo(("cli.provider_refused", {"why": why})) from None
    except Undeliverable as problem:
        raise CannotDo(("cli.telegram_away", {"why": str(problem)})) from None
    finally:
        await client.shutdown()
