"""The command line: serve, worker, import-catalogue, flows, play, understand, audit.

Sentences for people stand in bot/locales (cli.po); what is for programs is JSON.
"""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from bot import commands
from bot.app import Tuanzi, build
from bot.settings import Settings, SettingsError, read
from bot.site import create_site
from data.kernel.clock import Clock, SystemClock, TurnableClock
from data.migrations import is_current

EXIT_USAGE = 2
Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the shop or a file is not as it must be, 2 the call is wrong."""
    options = _parser().parse_args(arguments)
    try:
        serving = options.run in (_serve, _work)
        settings = read({**os.environ, **_given(options)}, serving=serving)
    except SettingsError as error:
        commands.complain("cli.settings", problems=", ".join(error.problems))
        return EXIT_USAGE
    run: Command = options.run
    return run(options, settings)


def clock_for(settings: Settings) -> Clock:
    """TUANZI_NOW sets the clock of the demo and of commands; a real server refuses it."""
    system = SystemClock()
    return TurnableClock(settings.now, running=system) if settings.now else system


def open_shop(settings: Settings) -> Tuanzi:
    return build(settings, clock=clock_for(settings))


def _given(options: argparse.Namespace) -> dict[str, str]:
    port = getattr(options, "port", None)
    return {"TUANZI_PORT": str(port)} if port else {}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tuanzi")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        return verb

    add("serve", _serve).add_argument("--port", type=int)
    add("worker", _work)
    feed = add("import-catalogue", commands.with_shop(commands.import_catalogue, open_shop))
    feed.add_argument("file", type=Path)
    feed.add_argument("--merchant")
    feed.add_argument("--dry-run", action="store_true")
    flows = add("flows", commands.flows(open_shop))
    flows.add_argument("verb", choices=("check", "publish", "rollback", "export"))
    flows.add_argument("files", nargs="*", type=Path)
    flows.add_argument("--merchant")
    play = add("play", commands.play_stories)
    play.add_argument("files", nargs="+", type=Path)
    add("understand", commands.understand_text).add_argument("text", nargs="*")
    add("migrate", commands.with_shop(commands.migrate_schema, open_shop))
    add("audit", commands.with_shop(commands.audit_shop, open_shop))
    return parser


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    tuanzi = open_shop(settings)
    if not is_current(tuanzi.database):
        commands.complain("cli.migrate_first")
        return EXIT_USAGE
    uvicorn.run(
        create_site(tuanzi),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    return 0


def _work(_options: argparse.Namespace, settings: Settings) -> int:
    asyncio.run(_loops(open_shop(settings)))
    return 0


async def _loops(tuanzi: Tuanzi) -> None:
    async with asyncio.TaskGroup() as group:
        for loop in tuanzi.loops():
            group.create_task(loop)
