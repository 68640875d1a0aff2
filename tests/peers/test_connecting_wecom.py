"""`tuanzi connect-wecom`: keys kept before WeCom is asked, its desk found, an open door noticed."""

import io
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest

from bot.app import Tuanzi, build
from bot.cli import main
from bot.delivery.doors import Office
from bot.delivery.wecom_accounts import DESK as DESK_SETTING
from bot.delivery.wecom_accounts import LINK, began_at, company_line, setting_of
from bot.delivery.wecom_door import open_door
from bot.settings import Secret, Settings
from data.delivery import cursors
from data.kernel.clock import SystemClock
from data.merchants import ChannelAccount
from tests.peers.test_connecting_wechat import KEY, _one_shop
from tests.peers.wechat_platform import Remote
from tests.peers.wecom_platform import AES_KEY, CORP_ID, DESK, TOKEN, running_wecom

__all__ = ["_one_shop"]
pytestmark = pytest.mark.slow
SECRET = "corp-secret-CANARY"


@dataclass(slots=True)
class Terminal:
    """The owner of a shop, with WeCom's stand-in at the other end."""

    settings: Settings
    platform: Remote
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def connect(self, *more: str, corp: str = CORP_ID, **typed: str) -> tuple[int, str, str]:
        told = {"secret": SECRET, "token": TOKEN, "aes_key": AES_KEY} | typed
        lines = "\n".join([told["secret"], told["token"], told["aes_key"], ""])
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        code = main(["connect-wecom", corp, *more])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def check(self) -> tuple[int, str]:
        code = main(["channels", "check", CORP_ID])
        return code, self.capsys.readouterr().out

    def tuanzi(self) -> Tuanzi:
        return build(self.settings, clock=SystemClock())

    def account(self) -> ChannelAccount | None:
        tuanzi = self.tuanzi()
        with tuanzi.database.reading() as session:
            line = company_line(session, CORP_ID)
        tuanzi.close()
        return None if line is None else line.account


@pytest.fixture
def terminal(
    _one_shop: Path,  # pytest's way to ask for it
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Terminal]:
    shutil.copyfile(_one_shop, tmp_path / "shop.db")
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with running_wecom() as platform:
        for name, value in {
            "TUANZI_DATABASE_URL": url,
            "TUANZI_FIELD_KEYS": KEY,
            "TUANZI_WECOM_API": platform.url,
            "TUANZI_EGRESS_ALLOWED": "127.0.0.0/8",
            "LC_ALL": "en_US.UTF-8",
        }.items():
            monkeypatch.setenv(name, value)
        settings = Settings(
            database_url=url,
            field_keys=(Secret(KEY),),
            wecom_api=platform.url,
            egress_allowed=(ip_network("127.0.0.0/8"),),
        )
        yield Terminal(settings, platform, monkeypatch, capsys)


def test_the_only_desk_is_found_with_its_link(terminal: Terminal) -> None:
    code, out, err = terminal.connect()
    assert (code, err) == (0, "")
    assert f"/webhooks/wecom/{CORP_ID}" in out
    assert "enc_scene=ENC5" in out
    account = terminal.account()
    assert account is not None
    assert setting_of(account, DESK_SETTING) == DESK
    assert setting_of(account, LINK).startswith("https://work.weixin.qq.com/kf/")
    kept = Path(terminal.settings.database_url.removeprefix("sqlite:///")).read_bytes()
    for canary in (SECRET, TOKEN, AES_KEY, "TOKEN-CANARY"):
        assert canary not in out + err
        assert canary.encode() not in kept  # T47, T49


def test_keys_are_kept_before_wecom_lets_us_ask(terminal: Terminal) -> None:
    terminal.platform.refuse(path="kf/account/list", code=60020)
    code, out, err = terminal.connect()
    assert code != 0
    assert f"/webhooks/wecom/{CORP_ID}" in out  # so that it can be entered there
    assert "60020" in err
    account = terminal.account()
    assert account is not None
    tuanzi = terminal.tuanzi()
    office = Office(tuanzi.settings, tuanzi.database, tuanzi.clock, {})
    assert open_door(office, account) is None  # no desk yet
    tuanzi.close()
    assert terminal.connect()[0] == 0


def test_again_with_other_keys_keeps_the_desk_and_the_place_in_its_news(terminal: Terminal) -> None:
    terminal.connect()
    before = terminal.account()
    assert before is not None
    tuanzi = terminal.tuanzi()
    with tuanzi.database.transaction() as session:
        cursors.move(session, account=before, to="c7", now=tuanzi.clock.now())
    assert terminal.connect(token="another1")[0] == 0
    after = terminal.account()
    assert after is not None
    assert (after.id, began_at(after)) == (before.id, began_at(before))
    with tuanzi.database.reading() as session:
        assert cursors.position(session, account_id=after.id) == "c7"
    tuanzi.close()


@pytest.mark.parametrize(
    ("more", "typed"),
    [
        (("--desk", "wkNotOurs"), {}),
        ((), {"secret": "short"}),
        ((), {"token": "no!"}),
        ((), {"aes_key": "x" * 42}),
        ((), {"secret": "w" * 43}),
    ],
)
def test_what_cannot_be_right_is_told(
    terminal: Terminal, more: tuple[str, ...], typed: dict[str, str]
) -> None:
    code, _, err = terminal.connect(*more, **typed)
    assert code != 0
    assert err.strip()
    assert SECRET not in err


def test_a_wrong_company_id_does_nothing(terminal: Terminal) -> None:
    assert terminal.connect(corp="no id")[0] == 2
    assert terminal.account() is None


def test_a_check_tells_what_is_wrong_and_what_is_possible(terminal: Terminal) -> None:
    assert terminal.connect()[0] == 0
    code, out = terminal.check()
    assert code == 0
    assert f"/webhooks/wecom/{CORP_ID}" in out
    assert "- Nothing can be said in customer groups" in out
    terminal.platform.refuse(path="kf/account/list", code=60020)
    code, out = terminal.check()
    assert code != 0
    assert "60020" in out
    assert "CANARY" not in out  # T47
