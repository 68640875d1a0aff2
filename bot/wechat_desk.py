"""`tuanzi wechat menu` and `tuanzi wechat qr`: what a merchant sets up at an official account."""

import argparse
import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.channels.wechat_menu import lines_of, menu_in
from bot.delivery.wechat_platform import call_by, secret_of
from bot.pages.team_view import WECHAT, doors_of
from bot.settings import Secret
from bot.terminal import EXIT_USAGE, CannotDo, tell
from bot.which_shop import find_merchant
from data.group_buys import share_team
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from integrations.egress import ForbiddenHost
from integrations.http import Unreachable
from integrations.wechat import LONGEST_SCENE, OfficialAccount
from integrations.wechat_errors import NoPermission, WeChatError
from integrations.wechat_pages import picture_of
from integrations.wechat_shapes import QrCode

_Found = TypeVar("_Found")
_SCENE = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_SCENE}}}", re.ASCII)
_TEAM_CODE_SECONDS = 30 * 24 * 3600


def manage_wechat(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """`verb`: menu, qr."""
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        account, secret = _account(session, merchant.id, options.account)
    if options.verb == "menu":
        locale = Locale(options.locale or merchant.locale)
        _set_menu(tuanzi, account, secret, locale)
    else:
        _make_code(tuanzi, account, secret, options)
    return 0


async def set_menu(calls: OfficialAccount, locale: Locale) -> list[str]:
    """Gives the names of what stands there now, as the platform says it."""
    await calls.create_menu(menu_in(locale))
    return lines_of(await calls.menu())


def begin_menu(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, locale: Locale) -> None:
    """Once the account is connected. Where it may have none, or WeChat does not answer, that is
    told: it is connected all the same."""
    try:
        is_ours, lines = _call(tuanzi, account, secret, lambda calls: _first_menu(calls, locale))
    except CannotDo as problem:
        for text, values in problem.texts:
            tell(text, **values)
        tell("cli.wechat_menu_later", account=account.external_id)
        return
    text = "cli.wechat_menu" if is_ours else "cli.wechat_menu_theirs"
    tell(text, account=account.external_id, menu="\n".join(lines))


async def _first_menu(calls: OfficialAccount, locale: Locale) -> tuple[bool, list[str]]:
    """False: it is the merchant's own, which is not taken from them unasked."""
    there = lines_of(await calls.menu())
    if there and all(there != lines_of(menu_in(one)) for one in Locale):
        return False, there
    return True, await set_menu(calls, locale)


def _set_menu(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, locale: Locale) -> None:
    lines = _call(tuanzi, account, secret, lambda calls: set_menu(calls, locale))
    tell("cli.wechat_menu", account=account.external_id, menu="\n".join(lines))


def _make_code(
    tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, options: argparse.Namespace
) -> None:
    """Of a team: who scans it joins. Else of a place or a poster, for ever: it opens the chat."""
    scene = options.scene or ""
    if options.team:
        scene = _share(tuanzi, account.merchant_id, options.team)
    elif not _SCENE.fullmatch(scene):
        raise CannotDo(("cli.settings", {"problems": "SCENE"}), exit_code=EXIT_USAGE)
    seconds = _TEAM_CODE_SECONDS if options.team else None

    async def make(calls: OfficialAccount) -> QrCode:
        return await calls.make_code(scene, seconds=seconds)

    code = _call(tuanzi, account, secret, make)
    tell("cli.wechat_qr", picture=picture_of(code.ticket), url=code.url, scene=scene)


def _share(tuanzi: Tuanzi, merchant_id: str, team_id: str) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        token = share_team(session, merchant_id=merchant_id, team_id=team_id, now=now)
    tell("cli.wechat_share", url=f"{tuanzi.settings.public_url}/g/{token}")
    return token


def _account(
    session: Session, merchant_id: str, wanted: str | None
) -> tuple[ChannelAccount, Secret]:
    """The one named, or the only one."""
    found = {
        account.external_id: (account, secret)
        for account in doors_of(session, merchant_id, WECHAT)
        if (secret := secret_of(session, account)) is not None and secret.reveal()
    }
    named = [found[name] for name in found if wanted in (None, name)]
    if not named:
        raise CannotDo(("cli.wechat_none", {"shop": merchant_id}))
    if len(named) > 1:
        raise CannotDo(("cli.wechat_which", {"known": ", ".join(found)}), exit_code=EXIT_USAGE)
    return named[0]


def _call(
    tuanzi: Tuanzi,
    account: ChannelAccount,
    secret: Secret,
    call: Callable[[OfficialAccount], Awaitable[_Found]],
) -> _Found:
    async def run() -> _Found:
        calls = call_by(
            tuanzi.settings, tuanzi.database, tuanzi.clock, account=account, secret=secret
        )
        async with calls:
            return await call(calls)

    try:
        return asyncio.run(run())
    except NoPermission as error:
        raise CannotDo(("cli.wechat_not_permitted", {"code": error.code})) from None
    except WeChatError as error:
        raise CannotDo(("cli.wechat_refused", {"code": error.code})) from None
    except (Unreachable, ForbiddenHost) as error:
        raise CannotDo(("cli.wechat_away", {"why": str(error)})) from None
