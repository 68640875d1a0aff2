"""The command line: a shop set up, served, looked into; `tuanzi --help` lists every verb.

Sentences for people stand in bot/locales (cli.po); what is for programs is JSON.
"""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from bot import commands
from bot.action_commands import manage_actions
from bot.app import Tuanzi, build
from bot.connecting_web import connect_web, take_site
from bot.language_model import OFF, ON, language_model
from bot.opening_command import open_new_shop
from bot.settings import Settings, SettingsError, read
from bot.terminal import BROKEN, EXIT_USAGE, complain, language
from bot.web.wording import say
from data.kernel.clock import Clock, SystemClock, TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.migrations import is_current

_ONLY_ME = 0o700
_SETTINGS = ("port", "processes")  # which may be given as options too
Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the shop or a file is not as it must be, 2 the call is wrong."""
    options = _parser().parse_args(arguments)
    try:
        serving = options.run in (_serve, _work)
        settings = read({**os.environ, **_given(options)}, serving=serving)
        _try_keys(settings)
    except SettingsError as error:
        complain("cli.settings", problems=", ".join(error.problems))
        return EXIT_USAGE
    run: Command = options.run
    try:
        return run(options, settings)
    except SettingsError as error:  # what only opening the shop finds out
        complain("cli.settings", problems=", ".join(error.problems))
        return EXIT_USAGE
    except OperationalError as error:
        complain("cli.no_database", why=type(error.orig).__name__)  # its words hold the address
    except OSError as error:
        if error.filename is None:
            raise
        complain("cli.no_file", file=error.filename, why=error.strerror)
    return BROKEN


def _later(name: str) -> commands.ShopCommand:
    """A command that brings what only it needs, a messenger's library say, when it is given."""

    def run(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
        command: commands.ShopCommand = resolve_name(name)
        return command(options, tuanzi)

    return run


def _try_keys(settings: Settings) -> None:
    """A key that is none is told before anything is sealed or served with it."""
    try:
        if settings.field_keys:
            FieldCipher([key.reveal() for key in settings.field_keys])
    except ValueError:
        raise SettingsError(["TUANZI_FIELD_KEYS"]) from None


def clock_for(settings: Settings) -> Clock:
    """TUANZI_NOW sets the clock of the demo and of commands; a real server refuses it."""
    system = SystemClock()
    return TurnableClock(settings.now, running=system) if settings.now else system


def open_shop(settings: Settings) -> Tuanzi:
    """SQLite makes its file, not the folder it is to lie in; what is in there is nobody else's."""
    file = make_url(settings.database_url).database
    if file and settings.database_url.startswith("sqlite"):
        Path(file).parent.mkdir(mode=_ONLY_ME, parents=True, exist_ok=True)
    return build(settings, clock=clock_for(settings))


def _given(options: argparse.Namespace) -> dict[str, str]:
    said = {f"TUANZI_{name.upper()}": getattr(options, name, None) for name in _SETTINGS}
    return {name: str(number) for name, number in said.items() if number is not None}


def _parser() -> argparse.ArgumentParser:
    """Every verb waits for what is imported here: pages and their routes are not, nor stories."""
    parser = argparse.ArgumentParser(prog="tuanzi")
    verbs = parser.add_subparsers(required=True, title="commands")

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        return verb

    def in_shop(name: str, run: commands.ShopCommand) -> argparse.ArgumentParser:
        return add(name, commands.with_shop(commands.at_todays_schema(run), open_shop))

    add("migrate", commands.with_shop(commands.migrate_schema, open_shop))
    _take_new_shop(in_shop("open-shop", open_new_shop))
    _take_messenger_verbs(in_shop)
    take_site(_take_shop(in_shop("connect-web", connect_web)))
    switch = _take_shop(in_shop("language-model", language_model))
    switch.add_argument("to", nargs="?", choices=(ON, OFF))
    _take_goods_verbs(in_shop)
    serving = add("serve", _serve)
    serving.add_argument("--port", type=int)
    serving.add_argument("--processes", type=int, help=say("cli.help_processes", language()))
    add("worker", _work)
    _take_flow_verbs(add("flows", commands.flows(open_shop)))
    _take_action_verbs(in_shop("actions", manage_actions))
    play = add("play", commands.play_stories)
    play.add_argument("files", nargs="+", type=Path)
    play.add_argument("--flows", type=Path, help=say("cli.help_flows", language()))
    add("understand", commands.understand_text).add_argument("text", nargs="*")
    _take_ledger_verbs(in_shop)
    add("bench", commands.bench).add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _take_goods_verbs(
    in_shop: Callable[[str, commands.ShopCommand], argparse.ArgumentParser],
) -> None:
    feed = in_shop("import-catalogue", commands.import_catalogue)
    feed.add_argument("file", type=Path)
    _take_shop(feed).add_argument("--dry-run", action="store_true")
    campaigns = in_shop("campaigns", _later("bot.campaign_desk:manage_campaigns"))
    verbs = campaigns.add_subparsers(required=True, dest="verb", metavar="verb")
    _take_shop(verbs.add_parser("apply")).add_argument("file", type=Path)
    together = in_shop("split-orders", _later("bot.split_desk:manage_split_orders"))
    verbs = together.add_subparsers(required=True, dest="verb", metavar="verb")
    _take_shop(verbs.add_parser("apply")).add_argument("file", type=Path)


def _take_messenger_verbs(
    in_shop: Callable[[str, commands.ShopCommand], argparse.ArgumentParser],
) -> None:
    _take_shop(in_shop("connect-telegram", _later("bot.connecting:connect_telegram")))
    matrix = _take_shop(in_shop("connect-matrix", _later("bot.connecting_matrix:connect_matrix")))
    matrix.add_argument("--homeserver", required=True, metavar="URL")
    matrix.add_argument("--user", metavar="NAME", help=say("cli.help_matrix_user", language()))
    wechat = _take_shop(in_shop("connect-wechat", _later("bot.connecting_wechat:connect_wechat")))
    wechat.add_argument("app_id")
    wechat.add_argument("--plain", action="store_true")
    wecom = _take_shop(in_shop("connect-wecom", _later("bot.connecting_wecom:connect_wecom")))
    wecom.add_argument("corp_id")
    wecom.add_argument("--desk", metavar="OPEN_KFID", help=say("cli.help_desk", language()))
    wecom.add_argument("--staff", action="store_true", help=say("cli.help_staff", language()))
    _take_channel_verbs(in_shop("channels", _later("bot.channel_checks:check_channel")))
    _take_telegram_verbs(in_shop("telegram", _later("bot.telegram_desk:manage_telegram")))
    _take_wechat_verbs(in_shop("wechat", _later("bot.wechat_desk:manage_wechat")))
    _take_payment_verbs(in_shop("payments", _later("bot.payment_desk:manage_payments")))


def _take_ledger_verbs(
    in_shop: Callable[[str, commands.ShopCommand], argparse.ArgumentParser],
) -> None:
    auditing = in_shop("audit", commands.audit_shop)
    words = say("cli.help_ask_providers", language())
    auditing.add_argument("--ask-providers", type=int, metavar="DAYS", help=words)
    balance = in_shop("trial-balance", _later("bot.ledger_desk:show_trial_balance"))
    statement = in_shop("statement", _later("bot.ledger_desk:show_statement"))
    statement.add_argument("account", metavar="ACCOUNT")
    days = (("--from", "first", "cli.help_first_day"), ("--to", "last", "cli.help_last_day"))
    for name, day, words in days:
        help_of_it = say(words, language())
        statement.add_argument(name, dest=day, metavar="YYYY-MM-DD", help=help_of_it)
    for verb in (balance, statement):
        _take_shop(verb).add_argument("--json", action="store_true")


def _take_flow_verbs(flows: argparse.ArgumentParser) -> None:
    """Each verb takes what it needs and nothing that it would ignore."""
    verbs = flows.add_subparsers(required=True, dest="verb", metavar="verb")
    check = verbs.add_parser("check")
    check.add_argument("files", nargs="*", type=Path)
    check.add_argument("--calm", action="store_true", help=say("cli.help_calm", language()))
    verbs.add_parser("schema")
    publish = _take_shop(verbs.add_parser("publish"))
    publish.add_argument("files", nargs="*", type=Path)
    publish.add_argument("--migrate", type=Path, help=say("cli.help_migrate", language()))
    words = say("cli.help_despite_red", language())
    publish.add_argument("--despite-red", metavar="REASON", help=words)
    words = say("cli.help_watch", language())
    watch = _take_shop(verbs.add_parser("watch", description=words))
    watch.add_argument("files", nargs="*", type=Path)
    _take_shop(verbs.add_parser("rollback"))
    _take_shop(verbs.add_parser("export")).add_argument("folder", nargs="?", type=Path)
    _take_shop(verbs.add_parser("history"))
    diff = _take_shop(verbs.add_parser("diff"))
    diff.add_argument("old")
    diff.add_argument("new")
    _take_shop(verbs.add_parser("gc")).add_argument("--dry-run", action="store_true")
    _take_shop(verbs.add_parser("retire")).add_argument("sha")


def _take_action_verbs(actions: argparse.ArgumentParser) -> None:
    verbs = actions.add_subparsers(required=True, dest="verb", metavar="verb")
    connect = _take_shop(verbs.add_parser("connect"))
    connect.add_argument("url")
    connect.add_argument("--names", required=True, metavar="NAME,NAME")
    _take_shop(verbs.add_parser("check"))
    _take_shop(verbs.add_parser("disconnect"))


def _take_wechat_verbs(wechat: argparse.ArgumentParser) -> None:
    verbs = wechat.add_subparsers(required=True, dest="verb", metavar="verb")
    menu, qr = _take_shop(verbs.add_parser("menu")), _take_shop(verbs.add_parser("qr"))
    menu.add_argument("--locale", choices=[*Locale])
    of = qr.add_mutually_exclusive_group(required=True)
    of.add_argument("scene", nargs="?")
    of.add_argument("--team", metavar="ID")
    for verb in (menu, qr):
        verb.add_argument("--account", metavar="APP_ID")


def _take_telegram_verbs(telegram: argparse.ArgumentParser) -> None:
    verbs = telegram.add_subparsers(required=True, dest="verb", metavar="verb")
    payments = _take_shop(verbs.add_parser("payments"))
    payments.add_argument("account", metavar="ACCOUNT")
    payments.add_argument("--off", action="store_true")


def _take_payment_verbs(payments: argparse.ArgumentParser) -> None:
    verbs = payments.add_subparsers(required=True, dest="verb", metavar="verb")
    _take_shop(verbs.add_parser("list"))
    for name in ("connect", "check", "renew", "disconnect"):
        _take_shop(verbs.add_parser(name)).add_argument("provider", metavar="PROVIDER")
    words = say("cli.help_payment_fields", language())
    verbs.choices["connect"].add_argument("fields", nargs="*", metavar="NAME=VALUE", help=words)


def _take_channel_verbs(channels: argparse.ArgumentParser) -> None:
    verbs = channels.add_subparsers(required=True, dest="verb", metavar="verb")
    _take_shop(verbs.add_parser("check")).add_argument("account", metavar="ACCOUNT")


def _take_shop(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Needed only where there are several."""
    verb.add_argument("--shop", "--merchant", dest="merchant", metavar="ID")
    return verb


def _take_new_shop(verb: argparse.ArgumentParser) -> None:
    """Passwords and tokens are never options: see `ask_secret`."""
    verb.add_argument("name")
    for name in ("--id", "--currency", "--locale", "--timezone", "--owner"):
        verb.add_argument(name, required=True)
    verb.add_argument("--owner-name")
    verb.add_argument("--name-in", action="append", default=[], metavar="LOCALE=NAME")
    verb.add_argument("--shipping-fee", default="0", metavar="AMOUNT")
    verb.add_argument("--free-shipping-from", metavar="AMOUNT")
    verb.add_argument("--json", action="store_true")


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    tuanzi = open_shop(settings)
    if not is_current(tuanzi.database):
        complain("cli.migrate_first")
        return EXIT_USAGE
    from bot.serving.server import serve_alone, serve_together  # noqa: PLC0415  # see `_parser`

    if settings.processes == 1:
        serve_alone(tuanzi)
        return 0
    return serve_together(tuanzi)


def _work(_options: argparse.Namespace, settings: Settings) -> int:
    asyncio.run(_loops(open_shop(settings)))
    return 0


async def _loops(tuanzi: Tuanzi) -> None:
    async with asyncio.TaskGroup() as group:
        for loop in tuanzi.loops():
            group.create_task(loop)
