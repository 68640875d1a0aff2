"""`tuanzi connect-matrix`: a shop's own account on a homeserver. Asked whose it is first; its token
is kept sealed, its password is not kept at all."""

import argparse
import asyncio
from urllib.parse import urlsplit

from bot.app import Tuanzi
from bot.delivery.matrix_accounts import User, connect
from bot.settings import Settings
from bot.terminal import EXIT_USAGE, CannotDo, ask_secret, tell
from bot.which_shop import find_merchant
from data.kernel.errors import Refused
from integrations.egress import Egress
from integrations.matrix import Homeserver
from integrations.matrix_answers import Forbidden, HomeserverError, UnknownToken


def connect_matrix(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Nothing is kept of an account that its homeserver does not know."""
    settings = tuanzi.settings
    if not settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    address = str(options.homeserver).rstrip("/")
    if not _is_address(address):
        raise CannotDo(("cli.no_homeserver", {}), exit_code=EXIT_USAGE)
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
    secret = ask_secret("cli.ask_matrix_password" if options.user else "cli.ask_matrix_token")
    user, token = asyncio.run(_introduced(address, options.user, secret, settings))
    try:
        with tuanzi.database.transaction() as session:
            now = tuanzi.clock.now()
            connect(session, merchant_id=merchant_id, user=user, token=token, now=now)
    except Refused as error:
        raise CannotDo(("cli.matrix_taken", {"user": user.id})) from error
    tell("cli.matrix_connected", user=user.id, name=user.name or user.id, shop=merchant_id)
    return 0


async def _introduced(
    address: str, name: str | None, secret: str, settings: Settings
) -> tuple[User, str]:
    egress = Egress(settings.egress_allowed)
    server = Homeserver(address, "" if name else secret.strip(), egress=egress)
    try:
        token = await server.log_in(name, secret) if name else secret.strip()
        us = await server.who_am_i()
        return User(us, await server.name_of(us), address), token
    except (Forbidden, UnknownToken):
        raise CannotDo(("cli.matrix_refused", {})) from None
    except HomeserverError as problem:
        raise CannotDo(("cli.matrix_away", {"why": str(problem)})) from None
    finally:
        await server.close()


def _is_address(url: str) -> bool:
    """Nothing that could hold a password, and nothing behind a question mark."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
    return sound and not (parts.username or parts.password or parts.query or parts.fragment)
