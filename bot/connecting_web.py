"""`tuanzi connect-web`: a merchant's own site, and the script tag that goes into its pages."""

import argparse

from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.terminal import EXIT_USAGE, CannotDo, tell
from bot.webchat import sites
from bot.which_shop import find_merchant
from data.kernel.errors import Invalid, NotFound
from data.merchants import ChannelAccount


def take_site(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What may be said of a site; an account named is changed, else one is opened."""
    verb.add_argument("--origin", action="append", required=True, metavar="https://SITE")
    verb.add_argument("--account", metavar="ID")
    verb.add_argument("--colour", metavar="#RRGGBB")
    verb.add_argument("--side", choices=sites.SIDES)
    verb.add_argument("--title")
    verb.add_argument("--new-key", action="store_true")
    return verb


def connect_web(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    settings = tuanzi.settings
    if not settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    try:
        with tuanzi.database.transaction() as session:
            account = _connected(session, options, tuanzi)
    except Invalid as error:
        raise CannotDo(("cli.no_site", {"field": error.detail}), exit_code=EXIT_USAGE) from error
    except NotFound as error:
        raise CannotDo(("cli.site_unknown", {"account": options.account})) from error
    tell(
        "cli.web_connected",
        shop=account.merchant_id,
        account=account.id,
        tag=sites.tag_of(settings.public_url, account),
        home=settings.public_url,
    )
    return 0


def _connected(session: Session, options: argparse.Namespace, tuanzi: Tuanzi) -> ChannelAccount:
    merchant_id = find_merchant(session, options.merchant).id
    origins = sites.read_origins(options.origin)
    look = sites.read_look(
        colour=options.colour or "", side=options.side or "", title=options.title or ""
    )
    if options.account is None:
        now = tuanzi.clock.now()
        return sites.open_site(
            session, merchant_id=merchant_id, origins=origins, look=look, now=now
        )
    account = sites.find_site(session, merchant_id=merchant_id, account_id=options.account)
    sites.change_site(account, origins=origins, look=look)
    if options.new_key:
        sites.renew_key(session, account)
    return account
