"""`tuanzi connect-wechat`: a shop's official account; what it shares with WeChat is kept sealed."""

import argparse
import re

from bot.app import Tuanzi
from bot.channels.wechat_seal import Keys
from bot.delivery.wechat_accounts import connect, webhook_of
from bot.settings import Secret
from bot.terminal import EXIT_USAGE, CannotDo, ask_secret, complain, tell
from bot.wechat_desk import begin_menu
from bot.which_shop import find_merchant
from data.kernel.errors import Invalid, Refused
from data.kernel.locales import Locale

# As the platform's pages have them; a token is of our own choosing there.
_APP_ID = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
_SECRET = re.compile(r"(?:[A-Za-z0-9]{16,64})?", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}", re.ASCII)
_WRONG = "cli.no_wechat_secret"
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}", re.ASCII)


def connect_wechat(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Its keys are not tried, for WeChat tries them when the address is entered there; what it is
    asked for is the menu, once all is kept."""
    settings = tuanzi.settings
    if not settings.field_keys:  # nothing secret is written without a key
        raise CannotDo(("cli.settings", {"problems": "TUANZI_FIELD_KEYS"}), exit_code=EXIT_USAGE)
    if not _APP_ID.fullmatch(options.app_id):
        raise CannotDo(("cli.no_app_id", {}), exit_code=EXIT_USAGE)
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        merchant_id, locale = merchant.id, Locale(merchant.locale)
    secret = asked("cli.ask_app_secret", _SECRET)
    keys = asked_keys(options.app_id, "cli.ask_wechat_token")
    try:
        with tuanzi.database.transaction() as session:
            account = connect(
                session,
                merchant_id=merchant_id,
                keys=keys,
                secret=secret,
                plain=options.plain,
                now=tuanzi.clock.now(),
            )
    except Refused as error:
        raise CannotDo(("cli.app_taken", {"app": options.app_id})) from error
    address = webhook_of(options.app_id, settings)
    tell("cli.wechat_connected", app=options.app_id, shop=merchant_id, webhook=address)
    if options.plain:
        complain("cli.wechat_unsealed")
    if secret.reveal():
        begin_menu(tuanzi, account, secret, locale)
    else:
        tell("cli.wechat_only_answers")
    return 0


def asked_keys(app_id: str, question: str, wrong: str = _WRONG) -> Keys:
    """What both sides of a call agreed on; WeCom has the same two."""
    token = asked(question, _TOKEN, wrong)
    keys = Keys(app_id, token, asked("cli.ask_aes_key", _AES_KEY, wrong))
    try:
        keys.check()
    except Invalid:
        raise CannotDo((wrong, {}), exit_code=EXIT_USAGE) from None
    return keys


def asked(question: str, shape: re.Pattern[str], wrong: str = _WRONG) -> Secret:
    answer = ask_secret(question).strip()
    if not shape.fullmatch(answer):
        raise CannotDo((wrong, {}), exit_code=EXIT_USAGE)
    return Secret(answer)
