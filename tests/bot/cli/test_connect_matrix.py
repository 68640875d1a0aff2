"""`tuanzi connect-matrix`: an account its homeserver knows, its token sealed, its password gone."""

import io
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.cli import main
from bot.delivery.doors import CREDENTIALS
from bot.delivery.matrix_accounts import unsealed
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.merchants import ChannelAccount
from tests.builders import a_merchant
from tests.small_homeserver import SmallHomeserver, small_homeserver

TOKEN = "syt_canary-token"
PASSWORD = "canary password "
KEY = FieldCipher.new_key()
US = "@shop:loop.test"


@dataclass(slots=True)
class Desk:
    home: SmallHomeserver
    file: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def database(self) -> Database:
        return Database(f"sqlite:///{self.file}", info={CIPHER: FieldCipher([KEY])})

    def connect(self, *options: str, typed: str = TOKEN, url: str = "") -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
        code = main(["connect-matrix", "--homeserver", url or self.home.url, *options])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def accounts(self) -> list[ChannelAccount]:
        database = self.database
        with database.reading() as session:
            found = [*session.scalars(select(ChannelAccount))]
        database.close()
        return found

    def on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.file.parent.glob("shop.db*"))


@pytest.fixture
def desk(
    _empty_shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    file = tmp_path / "shop.db"
    shutil.copyfile(_empty_shop, file)
    environment = {
        "DATABASE_URL": f"sqlite:///{file}",
        "FIELD_KEYS": KEY,
        "EGRESS_ALLOWED": "127.0.0.0/8",
        "DEMO": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"TUANZI_{name}", value)
    monkeypatch.setenv("LC_ALL", "en")
    with small_homeserver() as home:
        desk = Desk(home, file, monkeypatch, capsys)
        database = desk.database
        with database.transaction() as session:
            a_merchant(session)
        database.close()
        home.say("GET .*/whoami", {"user_id": US})
        home.say("GET .*/displayname", {"displayname": "团子 Gifts"})
        home.say("POST .*/login", {"access_token": TOKEN, "user_id": US})
        yield desk


def test_with_a_password_we_log_in_and_keep_only_the_token(desk: Desk) -> None:
    """T47"""
    code, told, err = desk.connect("--user", "shop", typed=PASSWORD)
    assert code == 0, err
    assert "团子 Gifts speaks for the shop" in told
    assert US in told
    (login,) = desk.home.asked("/login")
    assert (login.content["identifier"]["user"], login.content["password"]) == ("shop", PASSWORD)
    (account,) = desk.accounts()
    assert (account.external_id, account.settings["homeserver"]) == (US, desk.home.url)
    database = desk.database
    with database.reading() as session:
        token = unsealed(session, account)
    database.close()
    assert token is not None
    assert token.reveal() == TOKEN
    for secret in (TOKEN, PASSWORD):
        assert secret not in told + err
        assert secret.encode() not in desk.on_disk()


def test_with_a_token_nobody_logs_in_and_again_is_the_same_account(desk: Desk) -> None:
    assert desk.connect()[0] == 0
    (before,) = desk.accounts()
    assert desk.connect(typed="another-token")[0] == 0
    (after,) = desk.accounts()
    assert not desk.home.asked("/login")
    assert after.id == before.id
    assert after.settings[CREDENTIALS] != before.settings[CREDENTIALS]


def test_an_account_of_another_shop_is_refused(desk: Desk) -> None:
    assert desk.connect()[0] == 0
    database = desk.database
    with database.transaction() as session:
        second = a_merchant(session).id
    database.close()
    code, _, err = desk.connect("--shop", second)
    assert (code, f"{US} belongs to another shop" in err) == (1, True)


@pytest.mark.parametrize(
    ("path", "status", "options"),
    [("POST .*/login", 403, ["--user", "shop"]), ("GET .*/whoami", 401, [])],
)
def test_whom_the_homeserver_does_not_know_is_not_kept(
    desk: Desk, path: str, status: int, options: list[str]
) -> None:
    codes = {401: "M_UNKNOWN_TOKEN", 403: "M_FORBIDDEN"}
    desk.home.say(path, {"errcode": codes[status], "error": TOKEN}, status)
    code, _, err = desk.connect(*options)
    assert (code, "does not know this account" in err, TOKEN in err) == (1, True, False)
    assert not desk.accounts()


def test_a_homeserver_out_of_reach_is_told(desk: Desk) -> None:
    desk.monkeypatch.delenv("TUANZI_EGRESS_ALLOWED")
    code, _, err = desk.connect()
    assert (code, "forbidden_host" in err) == (1, True)
    assert not desk.home.calls


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://a.example", "https://me:pw@a.example", "http://["]
)
def test_what_is_no_address_is_not_called(desk: Desk, url: str) -> None:
    code, _, err = desk.connect(url=url)
    assert (code, "no address of a homeserver" in err, "pw" in err) == (2, True, False)
    assert not desk.home.calls


def test_without_a_key_nothing_is_asked(desk: Desk) -> None:
    desk.monkeypatch.setenv("TUANZI_FIELD_KEYS", "")
    code, _, err = desk.connect()
    assert (code, "TUANZI_FIELD_KEYS" in err) == (2, True)
