"""`tuanzi connect-wecom`: a shop's desk of customer service at WeCom. What it shares with WeCom is
kept sealed first, for WeCom asks our address before it lets us ask anything; then it is asked for
its desks, and may be asked again later.
"""

import argparse
import asyncio
import re
from dataclasses import replace

from bot.app import Tuanzi
from bot.channels.wechat_seal import Keys
from bot.connecting_wechat import asked, asked_keys
from bot.delivery.wecom_accounts import Place, call_by, connect, webhook_of
from bot.settings import Secret
from bot.terminal import EXIT_USAGE, CannotDo, tell
from bot.which_shop import find_merchant
from data.kernel.errors import Refused
from data.merchants import ChannelAccount
from integrations.http import Unreachable
from integrations.wechat_errors import WeChatError
from integrations.wecom import Desk

_CORP_ID = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
_WRONG = "cli.no_wecom_secret"
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)


def connect_wecom(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    if not tuanzi.settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    if not _CORP_ID.fullmatch(options.corp_id):
        raise CannotDo(("cli.no_corp_id", {}), exit_code=EXIT_USAGE)
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
    secret = asked("cli.ask_corp_secret", _SECRET, _WRONG)
    keys = asked_keys(options.corp_id, "cli.ask_wecom_token", _WRONG)
    account = _keep(tuanzi, merchant_id, keys, secret)
    address = webhook_of(options.corp_id, tuanzi.settings)
    tell("cli.wecom_kept", corp=options.corp_id, shop=merchant_id, webhook=address)
    place = replace(_place(tuanzi, account, secret, options.desk), staff=options.staff)
    _keep(tuanzi, merchant_id, keys, secret, place)
    tell("cli.wecom_connected", desk=place.desk, link=place.link)
    return 0


def _keep(
    tuanzi: Tuanzi, merchant_id: str, keys: Keys, secret: Secret, place: Place | None = None
) -> ChannelAccount:
    now = tuanzi.clock.now()
    try:
        with tuanzi.database.transaction() as session:
            return connect(
                session, merchant_id=merchant_id, keys=keys, secret=secret, now=now, place=place
            )
    except Refused as error:
        raise CannotDo(("cli.app_taken", {"app": keys.app_id})) from error


def _place(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, wanted: str | None) -> Place:
    try:
        return asyncio.run(_asked_place(tuanzi, account, secret, wanted))
    except WeChatError as error:
        raise CannotDo(("cli.wecom_refused", {"code": error.code})) from None
    except Unreachable as error:
        raise CannotDo(("cli.wecom_away", {"why": str(error)})) from None


async def _asked_place(
    tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, wanted: str | None
) -> Place:
    settings, database, clock = tuanzi.settings, tuanzi.database, tuanzi.clock
    async with call_by(settings, database, clock, account=account, secret=secret) as corp:
        desk = _chosen(await corp.desks(), wanted)
        return Place(desk, await corp.way_in(desk))


def _chosen(desks: list[Desk], wanted: str | None) -> str:
    """The one named, or the only one."""
    named = [desk.open_kfid for desk in desks if wanted in (None, desk.open_kfid)]
    if len(named) != 1:
        known = ", ".join(f"{desk.open_kfid} ({desk.name})" for desk in desks)
        raise CannotDo(("cli.wecom_which_desk", {"desks": known or "-"}), exit_code=EXIT_USAGE)
    return named[0]
