"""The command line: `tuanzi serve | worker | import-catalogue | flows | play | understand | audit`.

What it prints for people stands in bot/texts; what it prints for programs is JSON.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from bot.app import Tuanzi, build
from bot.settings import Settings, SettingsError, read
from bot.site import create_site
from bot.texts import say
from data.audit import audit
from data.kernel.clock import Clock, SystemClock, TurnableClock
from integrations.catalogues import read_google_feed

EXIT_BROKEN, EXIT_USAGE = 1, 2
Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 something is wrong with the shop or the files, 2 with the call."""
    options = _parser().parse_args(arguments)
    try:
        settings = read({**os.environ, **_flags(options)})
    except SettingsError as error:
        say("settings_wrong", problems=", ".join(error.problems), to=sys.stderr)
        return EXIT_USAGE
    command: Command = options.command
    return command(options, settings)


def clock_for(settings: Settings) -> Clock:
    """TUANZI_NOW sets the clock of the demo and of commands; a real server refuses it."""
    system = SystemClock()
    return TurnableClock(settings.now, running=system) if settings.now else system


def _flags(options: argparse.Namespace) -> dict[str, str]:
    """Commands that start nothing may be given a clock, as the demo is."""
    return {"TUANZI_PORT": str(options.port)} if getattr(options, "port", None) else {}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tuanzi")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        one = commands.add_parser(name)
        one.set_defaults(command=command)
        return one

    add("serve", _serve).add_argument("--port", type=int)
    add("worker", _work)
    feed = add("import-catalogue", _import)
    feed.add_argument("file", type=Path)
    feed.add_argument("--merchant")
    feed.add_argument("--dry-run", action="store_true")
    add("audit", _audit)
    return parser


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    tuanzi = build(settings, clock=clock_for(settings))
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
    asyncio.run(_loops(build(settings, clock=clock_for(settings))))
    return 0


async def _loops(tuanzi: Tuanzi) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(tuanzi.worker.run())
        group.create_task(tuanzi.cashier.run())


def _import(options: argparse.Namespace, settings: Settings) -> int:
    feed = read_google_feed(options.file.read_bytes())
    del feed, settings
    return 0


def _audit(_options: argparse.Namespace, settings: Settings) -> int:
    """One JSON line a violation; exit 1 if there is any."""
    tuanzi = build(settings, clock=clock_for(settings))
    with tuanzi.database.reading() as session:
        violations = audit(session, now=tuanzi.clock.now())
    for violation in violations:
        sys.stdout.write(json.dumps(violation.to_json()) + "\n")
    return EXIT_BROKEN if violations else 0
