"""What each `tuanzi` command does, once settings and shop are there."""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot import flow_versions
from bot.app import Tuanzi
from bot.flow_files import check, print_schema, report
from bot.flow_publishing import publish
from bot.flow_watch import watch
from bot.play.failures import StoryFailed
from bot.play.story import PRIVATE
from bot.provider_report import compare
from bot.settings import Settings
from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE, CannotDo, complain, language, tell
from bot.web.wording import say
from bot.which_shop import find_merchant
from data.audit import RULES, audit
from data.catalogue import import_feed
from data.catalogue.rows import RowError
from data.flows import live_version, roll_back
from data.kernel.clock import SystemClock
from data.kernel.errors import ShopError
from data.kernel.locales import Locale
from data.migrations import is_current, migrate
from dialogs.format import (
    FlowSet,
    Problems,
    load_flow_set,
    shipped_sources,
)
from dialogs.understanding import Context, describe
from integrations.catalogues import read_google_feed

ROOT = Path(__file__).parents[1]
ShopCommand = Callable[[argparse.Namespace, Tuanzi], int]
OpenShop = Callable[[Settings], Tuanzi]


def with_shop(command: ShopCommand, open_shop: OpenShop) -> Callable[..., int]:
    """A command that needs a shop gets it opened, and closed again."""

    def run(options: argparse.Namespace, settings: Settings) -> int:
        tuanzi = open_shop(settings)
        try:
            return command(options, tuanzi)
        except CannotDo as reason:
            for text_id, values in reason.texts:
                complain(text_id, **values)
            return reason.exit_code
        except ShopError as error:
            complain("cli.refused", code=error.code, detail=error.detail)
            return BROKEN
        finally:
            tuanzi.close()

    return run


def at_todays_schema(command: ShopCommand) -> ShopCommand:
    """For a command that an operator may give before the database is there."""

    def run(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
        if not is_current(tuanzi.database):
            raise CannotDo(("cli.migrate_first", {}), exit_code=EXIT_USAGE)
        return command(options, tuanzi)

    return run


def import_catalogue(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Good rows go in, bad ones are listed by number; with --dry-run nothing is kept."""
    feed = read_google_feed(options.file.read_bytes())
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        merchant = find_merchant(session, options.merchant)
        report = import_feed(
            session, merchant_id=merchant.id, feed=feed, dry_run=options.dry_run, now=now
        )
    for error in report.errors:
        complain("cli.import_row", row=error.row, field=error.field, why=_why(error))
    tell(
        "cli.import_done",
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        errors=len(report.errors),
    )
    return BROKEN if report.errors else 0


def _why(error: RowError) -> str:
    return say(error.code, language(), **error.values)


def flows(open_shop: OpenShop) -> Callable[[argparse.Namespace, Settings], int]:
    """Some verbs need files alone; the others move a merchant's pointer or read behind it."""
    verbs = {
        "publish": publish,
        "watch": watch,
        "rollback": _roll_back,
        "export": _export,
        **flow_versions.VERBS,
    }
    of_files = {"check": check, "schema": print_schema}

    def run(options: argparse.Namespace, settings: Settings) -> int:
        if options.verb in of_files:
            return of_files[options.verb](options, settings)
        return with_shop(at_todays_schema(verbs[options.verb]), open_shop)(options, settings)

    return run


def _roll_back(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    with tuanzi.database.transaction() as session:
        merchant = find_merchant(session, options.merchant)
        sha = roll_back(session, merchant_id=merchant.id, by="cli", now=tuanzi.clock.now())
    sys.stdout.write(f"{sha}\n")
    return 0


def _export(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """Writes the live version's files below the given folder, or here."""
    folder = options.folder or Path()
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        sources = live_version(session, merchant_id=merchant.id).sources
    for name, text in sources.items():
        file = _below(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file}\n")
    return 0


def _below(folder: Path, name: str) -> Path:
    """Whatever path a file was published from, or a merchant has made up."""
    path = Path(name)
    return folder.joinpath(*(part for part in path.parts if part not in ("..", path.anchor)))


def play_stories(options: argparse.Namespace, _settings: Settings) -> int:
    """Acts every story before your eyes; the first that fails ends it."""
    from bot.play.repository import Repository  # noqa: PLC0415  # brings all pages; see bot/cli.py

    repository = Repository(flows=options.flows)
    try:
        for file in options.files:
            for story in repository.stories(file):
                sys.stdout.write(f"\n— {story.name} —\n")
                repository.play(file, story, see=_show)
    except StoryFailed as failed:
        sys.stderr.write(failed.failure.render(language()) + "\n")
        return BROKEN
    except Problems as broken:
        return report(broken.problems)
    return EXIT_SOUND


def _show(who: str, where: str, text: str) -> None:
    """A line of the play; what the bot says is set in."""
    from bot.play.scene import BOT  # noqa: PLC0415

    place = "" if where == PRIVATE else f" @{where}"
    margin = "    " if who == BOT else ""
    for line in text.splitlines() or [""]:
        sys.stdout.write(f"{margin}{who}{place}: {line}\n")
    sys.stdout.flush()


def understand_text(options: argparse.Namespace, settings: Settings) -> int:
    """A line of text, or JSON lines `{"text", "today"?, "locale"?}`, becomes JSON."""
    today = (settings.now or SystemClock().now()).date()
    for asked in _asked(options.text):
        day = date.fromisoformat(asked["today"]) if "today" in asked else today
        context = _reading(Locale.closest(asked.get("locale"), language()), day)
        read = describe(asked["text"], today=day, context=context)
        sys.stdout.write(json.dumps(read, ensure_ascii=False) + "\n")
    return 0


def _asked(words: list[str]) -> Iterator[dict[str, Any]]:
    if words:
        yield {"text": " ".join(words)}
        return
    for line in sys.stdin:
        if line.strip():
            yield json.loads(line) if line.lstrip().startswith("{") else {"text": line.strip()}


def _reading(locale: Locale, today: date) -> Context:
    """As the first message of a chat is read, with the flows that ship."""
    flow_set = _shipped()
    return Context(
        locale=locale,
        today=today,
        slots=flow_set.domain.slots,
        triggers={intent: flow for intent, (_trigger, flow) in flow_set.triggers.items()},
        flow_slots=flow_set.owned,
    )


@cache
def _shipped() -> FlowSet:
    return load_flow_set(shipped_sources())


def migrate_schema(_options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """The database is brought to today's schema; twice is as good as once."""
    migrate(tuanzi.database)
    tell("cli.migrated")
    return 0


def audit_shop(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """One JSON line for each broken invariant, and for each difference from what the providers
    show if they are to be asked; exit 1 if there is any."""
    with tuanzi.database.reading() as session:
        violations = audit(session, now=tuanzi.clock.now())
    for violation in violations:
        line = {"invariant": violation.invariant, "what": violation.what, "ids": violation.ids}
        sys.stdout.write(json.dumps(line) + "\n")
    # Beside the lines for programs: silence would look like nothing was done.
    complain("cli.audited", rules=len(RULES), broken=len(violations))
    differ = options.ask_providers is not None and _differ(tuanzi, options.ask_providers)
    return BROKEN if violations or differ else EXIT_SOUND


def _differ(tuanzi: Tuanzi, days: int) -> bool:
    since = tuanzi.clock.now() - timedelta(days=days)
    asked, differences = asyncio.run(compare(tuanzi, since=since))
    for one in differences:
        sys.stdout.write(json.dumps(asdict(one)) + "\n")
    complain("cli.asked_providers", asked=asked, days=days, different=len(differences))
    return bool(differences)


def bench(options: argparse.Namespace, _settings: Settings) -> int:
    """Benches are measured from a checkout, which has what they are compared with."""
    runner = ROOT / "dev"
    if not (runner.is_file() and (ROOT / "tests" / "bench").is_dir()):
        complain("cli.bench_needs_checkout")
        return EXIT_USAGE
    call = [runner, "bench", *options.rest]
    return subprocess.run(call, cwd=ROOT, check=False).returncode  # noqa: S603  # our own script
