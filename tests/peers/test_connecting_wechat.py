"""`tuanzi connect-wechat`, then a site that answers WeChat with the keys that were kept."""

import asyncio
import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import Tuanzi, build
from bot.cli import main
from bot.delivery import doors
from bot.delivery.doors import CREDENTIALS, Doors, Office
from bot.delivery.wechat_accounts import line_of
from bot.delivery.wechat_door import open_door
from bot.delivery.wechat_platform import secret_of
from bot.settings import Secret, Settings
from bot.site import create_site
from data.delivery import channel_tokens
from data.delivery.token_models import TokenKind
from data.kernel.clock import SystemClock
from data.kernel.encryption import FieldCipher
from data.merchants import ChannelAccount
from tests.bot.client import TestClient
from tests.bot.delivery.wechat import KEYS, Gate, an_event
from tests.peers.telegram_world import free_port
from tests.peers.wechat_platform import SECRET as THEIR_SECRET
from tests.peers.wechat_platform import Remote, running_platform

KEY = FieldCipher.new_key()
APP, SECRET = KEYS.app_id, "0123456789abcdef0123456789abcdef"
TOKEN, AES_KEY = KEYS.token.reveal(), KEYS.aes_key.reveal()
OPTIONS = ["--currency", "CNY", "--locale", "en", "--timezone", "Europe/Berlin", "--owner"]


@dataclass(slots=True)
class Desk:
    """A shop opened by the command line, and its owner at the terminal."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, typed: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(list(arguments))
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def open_shop(self, name: str) -> None:
        options = ["--id", name, *OPTIONS, f"{name}@example.com"]
        code, _, err = self.run("open-shop", name, *options, typed="a long enough password")
        assert code == 0, err

    def connect(
        self,
        *arguments: str,
        app: str = APP,
        secret: str = SECRET,
        token: str = TOKEN,
        aes_key: str = AES_KEY,
    ) -> tuple[int, str, str]:
        typed = f"{secret}\n{token}\n{aes_key}\n"
        return self.run("connect-wechat", app, *arguments, typed=typed)

    def tuanzi(self) -> Tuanzi:
        return build(self.settings, clock=SystemClock())


@pytest.fixture(scope="session")
def _one_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("connecting") / "shop.db"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TUANZI_DATABASE_URL", f"sqlite:///{file}")
        monkeypatch.setattr(sys, "stdin", io.StringIO("a long enough password"))
        assert main(["migrate"]) == 0
        assert main(["open-shop", "Gifts", "--id", "giftshop", *OPTIONS, "a@example.com"]) == 0
    return file


@pytest.fixture
def desk(
    _one_shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    shutil.copyfile(_one_shop, tmp_path / "shop.db")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("TUANZI_DATABASE_URL", url)
    monkeypatch.setenv("TUANZI_FIELD_KEYS", KEY)
    monkeypatch.setenv("TUANZI_WECHAT_API", f"http://127.0.0.1:{free_port()}")  # nobody there
    monkeypatch.setenv("TUANZI_EGRESS_ALLOWED", "127.0.0.0/8")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return Desk(Settings(database_url=url, field_keys=(Secret(KEY),)), monkeypatch, capsys)


def test_what_was_typed_is_kept_sealed_and_read_again(desk: Desk) -> None:
    code, out, err = desk.connect()
    assert (code, err) == (0, "")
    assert f"/webhooks/wechat/{APP}" in out
    tuanzi = desk.tuanzi()
    with tuanzi.database.reading() as session:
        line = line_of(session, APP)
        assert line is not None
        assert (line.keys.token.reveal(), line.keys.aes_key.reveal()) == (TOKEN, AES_KEY)
        secret = secret_of(session, line.account)
    assert secret is not None
    assert (secret.reveal(), line.speaks_first, line.rules.plain) == (SECRET, True, False)
    tuanzi.close()
    kept = Path(desk.settings.database_url.removeprefix("sqlite:///")).read_bytes()
    for canary in (SECRET, TOKEN, AES_KEY):
        assert canary not in out + err
        assert canary.encode() not in kept  # T47, T49


@pytest.fixture
def platform(desk: Desk) -> Iterator[Remote]:
    """WeChat's stand-in, which knows this account."""
    with running_platform() as platform:
        desk.monkeypatch.setenv("TUANZI_WECHAT_API", platform.url)
        yield platform


def test_an_account_ends_up_with_a_menu_in_the_shops_language(desk: Desk, platform: Remote) -> None:
    code, out, _ = desk.connect(secret=THEIR_SECRET)
    assert (code, "Find a gift" in out) == (0, True)
    assert platform.log()["menu"][0]["sub_button"][0]["name"] == "Find a gift"
    assert "Find a gift" in desk.connect(secret=THEIR_SECRET)[1]  # again: ours is set anew


def test_a_menu_of_the_merchants_own_stays(desk: Desk, platform: Remote) -> None:
    own = [{"type": "view", "name": "Our tea", "url": "https://tea.example"}]
    platform.sets_menu(buttons=own)
    code, out, _ = desk.connect(secret=THEIR_SECRET)
    assert (code, "which stays:\nOur tea" in out) == (0, True)
    assert platform.log()["menu"] == own


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ({"path": "/cgi-bin/menu/create", "code": 48001}, "This kind of account may not"),
        ({"path": "/cgi-bin/stable_token", "code": 40164}, "errcode 40164"),
        ({"path": "/cgi-bin/menu/get", "code": 48001}, "usually it has to be verified"),
    ],
)
def test_an_account_that_may_have_no_menu_is_told_so_and_connected(
    desk: Desk, platform: Remote, refused: dict[str, Any], told: str
) -> None:
    platform.refuse(**refused)
    code, out, err = desk.connect(secret=THEIR_SECRET)
    assert (code, err, told in out) == (0, "", True)
    assert f"tuanzi channels check {APP}" in out
    assert THEIR_SECRET not in out


def test_connected_anew_the_token_of_the_old_secret_is_used_no_more(
    desk: Desk, platform: Remote
) -> None:
    desk.connect(secret=THEIR_SECRET)
    desk.connect(secret="0" * 32)
    tuanzi = desk.tuanzi()
    with tuanzi.database.reading() as session:
        line = line_of(session, APP)
        assert line is not None
        assert channel_tokens.kept(session, account=line.account, kind=TokenKind.ACCESS).token == ""
    tuanzi.close()


def test_wechats_first_question_is_answered(desk: Desk) -> None:
    desk.connect()
    tuanzi = desk.tuanzi()
    client = TestClient(create_site(tuanzi, works=False), base_url="http://127.0.0.1:8000")
    gate = Gate(tuanzi, client)
    stamp = {"timestamp": str(gate.now), "nonce": "n"}
    signature = KEYS.signature(*stamp.values())
    assert gate.ask(**stamp, signature=signature, echostr="42").text == "42"
    assert gate.bring(an_event("VIEW")).text == "success"
    tuanzi.close()


def test_connected_again_it_has_the_new_keys_and_the_same_chats(desk: Desk) -> None:
    desk.connect()
    desk.connect(token="another", secret="")
    tuanzi = desk.tuanzi()
    with tuanzi.database.reading() as session:
        line = line_of(session, APP)
    assert line is not None
    assert (line.keys.token.reveal(), line.speaks_first) == ("another", False)
    tuanzi.close()


def test_an_account_that_only_answers_and_one_that_takes_anything_say_so(desk: Desk) -> None:
    code, out, err = desk.connect("--plain", secret="")
    assert code == 0
    assert "only answer" in out
    assert "Unsealed" in err


def test_another_shops_account_is_not_taken(desk: Desk) -> None:
    desk.open_shop("bookshop")
    assert desk.connect("--shop", "giftshop")[0] == 0
    code, _, err = desk.connect("--shop", "bookshop")
    assert code == 1
    assert "another shop" in err


@pytest.mark.parametrize(
    "wrong",
    [
        {"app": "wx 1"},
        {"secret": "short"},
        {"token": "no"},
        {"token": "with spaces in it"},
        {"aes_key": "a" * 42},
        {"aes_key": "团" * 43},
        {"aes_key": ""},
    ],
)
def test_what_cannot_be_right_is_not_kept(desk: Desk, wrong: dict[str, str]) -> None:
    code, _, err = desk.connect(**wrong)
    assert code == 2
    assert "Nothing was done" in err
    tuanzi = desk.tuanzi()
    with tuanzi.database.reading() as session:
        assert line_of(session, APP) is None
    tuanzi.close()


def test_without_a_key_nothing_secret_is_written(desk: Desk) -> None:
    desk.monkeypatch.delenv("TUANZI_FIELD_KEYS")
    code, _, err = desk.connect()
    assert code == 2
    assert "TUANZI_FIELD_KEYS" in err


def test_with_another_key_the_account_stays_shut_and_harms_nobody(desk: Desk) -> None:
    desk.connect(secret="")
    other = replace(desk.settings, field_keys=(Secret(FieldCipher.new_key()),))
    tuanzi = build(other, clock=SystemClock())
    with tuanzi.database.reading() as session:
        assert line_of(session, APP) is None
        account = session.query(ChannelAccount).filter_by(channel="wechat").one()
    office = Office(other, tuanzi.database, tuanzi.clock, {})
    assert open_door(office, account) is None
    tuanzi.close()


def test_the_keeper_opens_it_and_closes_it_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doors, "_LOOK_SECONDS", 0.05)
    desk.connect("--plain", secret="")
    tuanzi = desk.tuanzi()
    office = Office(tuanzi.settings, tuanzi.database, tuanzi.clock, tuanzi.channels)
    asyncio.run(_open_and_close(tuanzi, Doors(office, tuanzi.bell)))
    assert not tuanzi.channels
    assert "unsealed calls" in caplog.text
    tuanzi.close()


async def _open_and_close(tuanzi: Tuanzi, keeper: Doors) -> None:
    task = asyncio.create_task(keeper.run())
    async with asyncio.timeout(20):
        while not tuanzi.channels:  # noqa: ASYNC110  # a dictionary tells nobody
            await asyncio.sleep(0.02)
        await asyncio.to_thread(_switch_off, tuanzi)
        while tuanzi.channels:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _switch_off(tuanzi: Tuanzi) -> None:
    with tuanzi.database.transaction() as session:
        account = session.query(ChannelAccount).filter_by(channel="wechat").one()
        assert CREDENTIALS in account.settings
        account.enabled = False
