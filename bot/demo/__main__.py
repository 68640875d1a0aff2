"""`./dev demo`: a seeded shop on this machine, one page to try everything, nothing to configure."""

import argparse
import hashlib
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import uvicorn
from sqlalchemy.schema import CreateTable

from bot.app import Tuanzi, build
from bot.demo import pages
from bot.demo.seeding import SEEDS, password_for, read_shop, seed
from bot.flow_watch import watched
from bot.serving.closing import ClosingServer
from bot.settings import VAR, Secret, Settings, SettingsError, read
from bot.site import create_site
from bot.web.wording import say
from data.kernel.clock import SystemClock, TurnableClock
from data.kernel.database import Base
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.schema import create_schema
from dialogs.understanding import warm_up

_PORTS_TRIED = 20
_ONLY_ME = 0o600


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C; exit 2 when the settings make no sense."""
    options = _options(arguments)
    ours = {"TUANZI_DEMO": "1", "TUANZI_FIELD_KEYS": "set below", **_telegram(options.telegram)}
    environment = {**os.environ, **ours}
    try:
        settings = read(environment)
    except SettingsError as error:
        sys.stderr.write(", ".join(error.problems) + "\n")
        return 2
    port = _free_port(options.port or settings.port)
    tuanzi = open_demo(replace(settings, port=port), Path(options.folder))
    _greet(tuanzi, moved=port != (options.port or settings.port))
    site = create_site(tuanzi)
    pages.install(site)
    warm_up()
    config = uvicorn.Config(
        site,
        host=tuanzi.settings.host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    with watched(tuanzi, options.flows):
        ClosingServer(config, leave=site.state.leaving).serve_until_stopped()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--port", type=int)
    parser.add_argument("--folder", default=str(VAR))
    parser.add_argument("--telegram", metavar="TOKEN")
    parser.add_argument("--flows", nargs="*", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _telegram(token: str | None) -> dict[str, str]:
    """A laptop has no address that Telegram could call: updates are fetched."""
    return {"TUANZI_TELEGRAM_TOKEN": token, "TUANZI_TELEGRAM_POLLING": "1"} if token else {}


def open_demo(settings: Settings, folder: Path) -> Tuanzi:
    """The demo shop in a folder: its database, its keys; made at the first start."""
    folder.mkdir(parents=True, exist_ok=True)
    key = Secret(_kept(folder / "demo.key", FieldCipher.new_key()))
    token = settings.demo_token or Secret(_kept(folder / "demo.token", secrets.token_urlsafe(16)))
    settings = replace(
        settings,
        database_url=f"sqlite:///{folder / _database_name()}",
        public_url=f"http://{settings.host}:{settings.port}",
        field_keys=(key,),
        sandbox_secret=key,
        demo_token=token,
    )
    system = SystemClock()
    clock = TurnableClock(settings.now or system.now(), running=system)
    tuanzi = build(settings, clock=clock)
    create_schema(tuanzi.database)
    with tuanzi.database.transaction() as session:
        seed(session, token=token.reveal(), now=clock.now())
    return tuanzi


def _database_name() -> str:
    """Another schema or another shop is another file: an old demo is left alone, never bent."""
    digest = hashlib.sha256()
    for table in Base.metadata.sorted_tables:
        digest.update(str(CreateTable(table)).encode())
    for file in ("giftshop.tsv", "shop.yml", "campaigns.yml"):
        digest.update((SEEDS / file).read_bytes())
    return f"demo-{digest.hexdigest()[:12]}.db"


def _kept(file: Path, fresh: str) -> str:
    """A secret of this demo: made once, readable by its owner only."""
    if not file.exists():
        file.touch(mode=_ONLY_ME)
        file.write_text(fresh)
    return file.read_text().strip()


def _free_port(wanted: int) -> int:
    """The wanted port, or the next free one."""
    for port in range(wanted, wanted + _PORTS_TRIED):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return wanted


def _greet(tuanzi: Tuanzi, *, moved: bool) -> None:
    """Address, log-in and three things to try, in Chinese and English."""
    settings = tuanzi.settings
    token = settings.demo_token.reveal() if settings.demo_token else ""
    for locale in (Locale.ZH_HANS, Locale.EN):
        if moved:
            sys.stdout.write(say("demo.port_taken", locale, port=settings.port) + "\n")
        text = say(
            "demo.welcome",
            locale,
            url=settings.public_url,
            email=read_shop()["staff"][0]["email"],
            password=password_for(token),
            token=token,
        )
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
