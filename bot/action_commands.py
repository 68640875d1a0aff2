"""`tuanzi actions`: a shop's own action server connected, looked at, disconnected."""

import argparse
import asyncio

from bot.action_servers import NewServer, connect, look_at
from bot.app import Tuanzi
from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE, CannotDo, complain, tell
from bot.which_shop import find_merchant
from data.actions import disconnect_server
from data.kernel.errors import Invalid, NotFound
from integrations.egress import Egress

_WRONG = {"url": "cli.action_url", "names": "cli.action_names"}


def manage_actions(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
    try:
        return _VERBS[options.verb](options, tuanzi, merchant_id)
    except NotFound:
        raise CannotDo(("cli.no_action_server", {"shop": merchant_id})) from None


def _connect(options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    if not tuanzi.settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    new = NewServer(options.url, [name.strip() for name in options.names.split(",")])
    try:
        with tuanzi.database.transaction() as session:
            secret = connect(
                session,
                merchant_id=merchant_id,
                new=new,
                egress=_egress(tuanzi),
                by="cli",
                now=tuanzi.clock.now(),
            )
    except Invalid as error:
        raise CannotDo((_WRONG[error.detail], {}), exit_code=EXIT_USAGE) from error
    tell("cli.actions_connected", shop=merchant_id, url=new.url, secret=secret)
    return EXIT_SOUND


def _check(_options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    looked = asyncio.run(look_at(tuanzi.database, _egress(tuanzi), merchant_id=merchant_id))
    if looked.trouble:
        complain("cli.actions_trouble", what=looked.trouble)
    if looked.problem:
        complain("cli.actions_away", why=looked.problem)
    elif looked.missing:
        complain("cli.actions_missing", names=", ".join(looked.missing))
    else:
        tell("cli.actions_there")
    return EXIT_SOUND if looked.ok else BROKEN


def _disconnect(_options: argparse.Namespace, tuanzi: Tuanzi, merchant_id: str) -> int:
    with tuanzi.database.transaction() as session:
        disconnect_server(session, merchant_id=merchant_id, by="cli", now=tuanzi.clock.now())
    tell("cli.actions_disconnected", shop=merchant_id)
    return EXIT_SOUND


def _egress(tuanzi: Tuanzi) -> Egress:
    return Egress(tuanzi.settings.egress_allowed)


_VERBS = {"connect": _connect, "check": _check, "disconnect": _disconnect}
