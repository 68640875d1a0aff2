"""`tuanzi connect-telegram`, then a site that knows no token but the one kept for the shop."""

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import build
from bot.cli import main
from bot.delivery import doors
from bot.delivery.telegram_accounts import Bot, connect
from bot.settings import Settings
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.merchants import ChannelAccount, Merchant
from tests import calling
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
    def open(self, *, polling: bool = False, connected: bool = True) -> Iterator[Street]:
        settings = replace(self.settings, telegram_polling=polling)
        with (
            calling.client(timeout=30) as client,
            serving(build(settings), connected=connected) as tuanzi,
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
    calling.post(f"{peer}/__fixture/forget")


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


def test_a_bot_connected_while_the_site_runs_answers_without_a_restart(desk: Desk) -> None:
    desk.monkeypatch.setattr(doors, "_LOOK_SECONDS", 0.1)
    with desk.open(connected=False) as street:
        assert desk.connect()[0] == 0
        wait(lambda: street.calls("setWebhook") or None, lambda: "webhook")
        hears(street, "hello")
        with street.tuanzi.database.transaction() as session:
            session.execute(update(ChannelAccount).values(enabled=False))
        wait(lambda: not street.tuanzi.channels or None, lambda: "closed")


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
    with calling.client() as client:
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


PROVIDER = "canary:TEST:of-the-payment-provider"


def switch(desk: Desk, *more: str, provider: str = PROVIDER) -> tuple[int, str, str]:
    return desk.run("telegram", "payments", "7", *more, typed=f"{provider}\n")


def test_invoices_are_switched_on_and_off_while_the_site_runs_and_their_token_is_sealed(
    desk: Desk,
) -> None:
    """T47, T49"""
    desk.monkeypatch.setattr(doors, "_LOOK_SECONDS", 0.1)
    desk.connect()
    with desk.open() as street:
        (account,) = desk.accounts()

        def shows(wanted: bool) -> bool | None:
            channel = street.tuanzi.channels.get(account.id)
            return (channel is not None and channel.can("private").invoices == wanted) or None

        assert shows(False)
        code, told, err = switch(desk)
        assert (code, PROVIDER in told + err) == (0, False), err
        wait(lambda: shows(True), lambda: "on")
        assert not street.tuanzi.channels[account.id].can("group").invoices
        on_disk = b"".join(file.read_bytes() for file in desk.file.parent.glob("shop.db*"))
        assert PROVIDER.encode() not in on_disk
        assert "Invoices are on" in desk.run("channels", "check", "7", typed="")[1]
        assert switch(desk, "--off")[0] == 0
        wait(lambda: shows(False), lambda: "off")
        hears(street, "hello")


def test_a_providers_token_that_telegram_does_not_take_is_not_kept(desk: Desk) -> None:
    desk.connect()
    refusal = {"status": 400, "times": 1, "parameters": None, "chat_id": None}
    with calling.client() as client:
        told = refusal | {"method": "createInvoiceLink", "description": f"Bad Request: {PROVIDER}"}
        assert client.post(f"{desk.peer}/__fixture/refuse", json=told).is_success
    code, _, err = switch(desk)
    assert (code, PROVIDER in err, "does not take this provider's token" in err) == (1, False, True)
    assert switch(desk, provider="")[0] == 2
    assert desk.run("telegram", "payments", "8", typed=PROVIDER)[0] == 2
    assert "provider" not in desk.accounts()[0].settings


def test_a_currency_whose_decimals_nobody_told_us_has_no_invoices(desk: Desk) -> None:
    """A hundred times the price would be asked for, and nobody would notice."""
    desk.connect()
    database = Database(desk.settings.database_url)
    with database.transaction() as session:
        session.execute(update(Merchant).values(currency="JPY"))
    database.close()
    code, _, err = switch(desk)
    assert (code, "two decimals" in err) == (1, True)
    assert "provider" not in desk.accounts()[0].settings
