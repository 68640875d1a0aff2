"""`tuanzi connect-telegram`, then a site that knows no token but the one kept for the shop."""

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from bot.app import build
from bot.cli import main
from bot.delivery.telegram_accounts import Bot, connect
from bot.settings import Settings
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.merchants import ChannelAccount
from tests.builders import NOW
from tests.peers.telegram_world import (
    KEY,
    TOKEN,
    Person,
    Street,
    free_port,
    running_peer,
    serving,
    shop_settings,
    wait,
)

ANN = Person(101, "Ann")
OPTIONS = ["--currency", "CNY", "--locale", "en", "--timezone", "Europe/Berlin", "--owner"]
PASSWORD = "a long enough password"


@dataclass(slots=True)
class Desk:
    """A shop opened by the command line, its owner at the terminal, and Telegram's peer."""

    settings: Settings
    journal: Path
    peer: str
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    def run(self, *arguments: str, typed: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(list(arguments))
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def open_shop(self, name: str) -> None:
        options = ["--id", name, *OPTIONS, f"{name}@example.com"]
        code, _, err = self.run("open-shop", name, *options, typed=PASSWORD)
        assert code == 0, err

    def connect(self, *arguments: str, token: str = TOKEN) -> tuple[int, str, str]:
        return self.run("connect-telegram", *arguments, typed=f"{token}\n")

    def accounts(self) -> list[ChannelAccount]:
        database = Database(self.settings.database_url)
        with database.reading() as session:
            found = list(
                session.scalars(select(ChannelAccount).where(ChannelAccount.channel == "telegram"))
            )
        database.close()
        return found

    @contextmanager
    def open(self, *, polling: bool = False) -> Iterator[Street]:
        settings = replace(self.settings, telegram_polling=polling)
        with (
            httpx.Client(timeout=30, trust_env=False) as client,
            serving(build(settings)) as tuanzi,
        ):
            yield Street(tuanzi, self.peer, self.journal, client)


@pytest.fixture(scope="session")
def _peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    journal = tmp_path_factory.mktemp("connecting") / "journal.jsonl"
    with running_peer(journal) as peer:
        yield peer, journal


@pytest.fixture(scope="session")
def _opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the shop `giftshop`, made once; each test has a copy of the file."""
    file = tmp_path_factory.mktemp("connecting") / "shop.db"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TUANZI_DATABASE_URL", f"sqlite:///{file}")
        monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
        assert main(["migrate"]) == 0
        assert main(["open-shop", "Gifts", "--id", "giftshop", *OPTIONS, "a@example.com"]) == 0
    return file


@pytest.fixture
def desk(
    _peer: tuple[str, Path],
    _opened: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    peer, journal = _peer
    shutil.copyfile(_opened, tmp_path / "shop.db")
    ours = shop_settings(tmp_path / "shop.db", port=free_port(), peer=peer)
    settings = replace(ours, telegram_token=None, telegram_secret=None, demo=False)
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "PUBLIC_URL": settings.public_url,
        "FIELD_KEYS": KEY,
        "TELEGRAM_API": settings.telegram_api,
    }.items():
        monkeypatch.setenv(f"TUANZI_{name}", value)
    monkeypatch.setenv("LC_ALL", "en")
    yield Desk(settings, journal, peer, monkeypatch, capsys)
    httpx.post(f"{peer}/__fixture/forget", trust_env=False)


def hears(street: Street, words: str) -> None:
    before = len(street.told(ANN))
    street.say(ANN, words)
    wait(lambda: len(street.told(ANN)) > before or None, lambda: words)
    street.settle()


def test_a_connected_bot_answers_by_webhook_and_after_a_restart_by_polling(desk: Desk) -> None:
    code, told, err = desk.connect("--shop", "giftshop")
    assert code == 0, err
    assert "@tuanzi_test_bot speaks for the shop giftshop" in told
    assert f"{desk.settings.public_url}/webhooks/telegram/7" in told
    assert "TUANZI_TELEGRAM_POLLING=1" in told
    with desk.open() as street:
        wait(lambda: street.calls("setWebhook") or None, lambda: "webhook")
        hears(street, "hello")
    with desk.open(polling=True) as street:
        hears(street, "thanks")


def test_the_token_is_sealed_and_shown_to_nobody(desk: Desk) -> None:
    """T47, T49: not on the screen, not in the file."""
    _, told, err = desk.connect()
    assert TOKEN not in told + err
    on_disk = b"".join(file.read_bytes() for file in desk.file.parent.glob("shop.db*"))
    assert b"tuanzi_test_bot" in on_disk
    assert TOKEN.partition(":")[2].encode() not in on_disk


def test_connecting_again_keeps_the_account_and_its_webhook_secret(desk: Desk) -> None:
    """Telegram shows the old secret until the site starts again."""
    desk.connect()
    (before,) = desk.accounts()
    assert desk.connect()[0] == 0
    (after,) = desk.accounts()
    assert (after.id, after.secret) == (before.id, before.secret)
    assert after.settings["token"] != before.settings["token"]


def test_a_bot_of_another_shop_is_refused(desk: Desk) -> None:
    desk.connect()
    desk.open_shop("second")
    code, _, err = desk.connect("--shop", "second")
    assert (code, "@tuanzi_test_bot belongs to another shop" in err) == (1, True)
    assert [account.merchant_id for account in desk.accounts()] == ["giftshop"]


@pytest.mark.parametrize("token", ["", "no token", "7:short"])
def test_what_is_no_token_is_not_sent_anywhere(desk: Desk, token: str) -> None:
    code, told, err = desk.connect(token=token)
    assert (code, told, "this is no bot token" in err.lower()) == (2, "", True)
    assert not token or token not in err
    assert not desk.accounts()


def test_a_token_that_telegram_does_not_know_is_not_kept(desk: Desk) -> None:
    refusal = {"status": 401, "description": "Unauthorized", "times": 9, "parameters": None}
    with httpx.Client(trust_env=False) as client:
        told = {"method": "getMe", "chat_id": None, **refusal}
        assert client.post(f"{desk.peer}/__fixture/refuse", json=told).is_success
    code, _, err = desk.connect()
    assert (code, "does not know this token" in err) == (1, True)
    assert TOKEN not in err
    assert not desk.accounts()


def test_telegram_out_of_reach_is_told_and_nothing_kept(desk: Desk) -> None:
    desk.monkeypatch.setenv("TUANZI_TELEGRAM_API", f"http://127.0.0.1:{free_port()}/bot")
    code, _, err = desk.connect()
    assert (code, "cannot be reached" in err) == (1, True)
    assert not desk.accounts()


@pytest.mark.parametrize("keys", ["", "no key"])
def test_without_a_key_no_token_is_asked_for(desk: Desk, keys: str) -> None:
    desk.monkeypatch.setenv("TUANZI_FIELD_KEYS", keys)
    code, _, err = desk.connect()
    assert (code, "TUANZI_FIELD_KEYS" in err) == (2, True)


def test_a_bot_whose_key_is_lost_closes_no_other_door(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.connect()
    lost = {CIPHER: FieldCipher([FieldCipher.new_key()])}
    database = Database(desk.settings.database_url, info=lost)
    with database.transaction() as session:
        bot = Bot(8, "tuanzi_lost_bot")
        account = connect(session, merchant_id="giftshop", bot=bot, token="8:lost", now=NOW)
    database.close()
    with desk.open() as street:
        hears(street, "hello")
    assert f"token unreadable: {account.id}" in caplog.text
