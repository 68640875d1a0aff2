"""`tuanzi channels check` of an official account and of a site's chat: a real site on a socket,
and WeChat's stand-in."""

import argparse
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channel_checks import check_channel
from bot.channels.wechat_menu import menu_in
from bot.channels.wechat_seal import Keys
from bot.delivery import wechat_accounts
from bot.settings import Secret, Settings
from bot.terminal import BROKEN, EXIT_SOUND
from bot.webchat import sites
from bot.webchat.sites import Look
from data.delivery import channel_tokens
from data.kernel.clock import SystemClock
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from tests.peers.telegram_world import free_port, serving, shop_settings
from tests.peers.wechat_platform import AES_KEY, APP_ID, SECRET, TOKEN, Remote, running_platform

KEYS = Keys(APP_ID, Secret(TOKEN), Secret(AES_KEY))
SITE = ("https://www.tea.example", "https://tea.example")


@dataclass(frozen=True, slots=True)
class Shop:
    tuanzi: Tuanzi
    platform: Remote
    site: str  # the account of a merchant's own pages

    def check(self, account: str, **settings: object) -> int:
        """`settings`: what the operator has said otherwise."""
        said = replace(self.tuanzi.settings, **settings)  # type: ignore[arg-type]
        asked = argparse.Namespace(account=account, merchant=None, verb="check")
        return check_channel(asked, replace(self.tuanzi, settings=said))

    def change(self, change: Callable[[ChannelAccount], None]) -> None:
        """Of the official account; a connection anew forgets the token."""
        with self.tuanzi.database.transaction() as session:
            account = session.scalars(wechat_accounts.account_of(APP_ID)).one()
            change(account)
            channel_tokens.forget(session, account=account)


def settings_of(file: Path, **more: object) -> Settings:
    """A shop that no bot speaks for."""
    settings = shop_settings(file, port=free_port(), peer="http://127.0.0.1:1")
    near = (ip_network("127.0.0.0/8"),)
    quiet = replace(settings, telegram_token=None, telegram_secret=None, egress_allowed=near)
    return replace(quiet, **more)  # type: ignore[arg-type]


def connect_wechat(tuanzi: Tuanzi, *, secret: str = SECRET, plain: bool = False) -> None:
    with tuanzi.database.transaction() as session:
        merchant_id = session.scalars(select(Merchant.id)).one()
        now = tuanzi.clock.now()
        wechat_accounts.connect(
            session, merchant_id=merchant_id, keys=KEYS, secret=Secret(secret), plain=plain, now=now
        )


def open_site(tuanzi: Tuanzi) -> str:
    with tuanzi.database.transaction() as session:
        merchant_id = session.scalars(select(Merchant.id)).one()
        now = tuanzi.clock.now()
        return sites.open_site(
            session, merchant_id=merchant_id, origins=SITE, look=Look(), now=now
        ).id


@pytest.fixture(scope="module")
def served(seeded_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    file = tmp_path_factory.mktemp("checks") / "shop.db"
    shutil.copyfile(seeded_shop, file)
    with running_platform(stable=True) as platform:
        tuanzi = build(settings_of(file, wechat_api=platform.url), clock=SystemClock())
        connect_wechat(tuanzi)
        with serving(tuanzi, connected=False):
            yield Shop(tuanzi, platform, site="")


@pytest.fixture
def shop(served: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Its site is a new one each time: a test may close it."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    served.platform.refuse(path="/cgi-bin/stable_token", code=0)
    yield replace(served, site=open_site(served.tuanzi))
    connect_wechat(served.tuanzi)


# The stand-in serves on a port of its own, which the real WeChat would not call.
PORT = "✗ WeChat calls only the ports 80 and 443"


def test_a_sound_official_account_is_told_to_be_sound_and_what_it_allows(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.check(APP_ID)
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line.startswith("✗")] == [
        line for line in told.splitlines() if line.startswith(PORT)
    ]
    for line in ("✓ Secure mode", "✓ A signed and sealed call is answered", "✓ WeChat takes our"):
        assert line in told
    assert "✓ A call without a signature is refused" in told
    assert "+ A text may have 2048 bytes" in told
    assert "- There are no buttons" in told
    assert "+ By this account's settings we may say 5 messages in 48 hours" in told
    for canary in (SECRET, TOKEN, AES_KEY, "CANARY"):
        assert canary not in told  # T47


def test_its_menu_is_told_to_be_ours_anothers_or_none(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    for buttons, line in (
        (menu_in(Locale.ZH_HANT), "✓ Its menu is ours: "),
        ([{"type": "view", "name": "官网", "url": "https://tea.example"}], "+ Its menu is another"),
    ):
        shop.platform.sets_menu(buttons=buttons)
        shop.check(APP_ID)
        assert line in capsys.readouterr().out
    shop.platform.sets_menu(buttons=None)
    shop.check(APP_ID)
    assert "- It has no menu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "code", "line"),
    [
        ("stable_token", 40125, "✗ WeChat does not take the AppSecret (errcode 40125)"),
        ("stable_token", 40013, "✗ WeChat does not know this AppID"),
        ("stable_token", 40164, "✗ WeChat does not know this server's address"),
        ("stable_token", 45009, "✗ The account's calls of this day are used up"),
        ("stable_token", 40243, "✗ WeChat refuses our calls (errcode 40243)"),
        ("menu/get", 48001, "- This kind of account may not have a menu"),
        ("ticket/getticket", 48001, "- Shared pages have no card"),
    ],
)
def test_what_wechat_refuses_is_told_in_words(
    shop: Shop, capsys: pytest.CaptureFixture[str], path: str, code: int, line: str
) -> None:
    shop.change(lambda _account: None)
    shop.platform.refuse(path=f"/cgi-bin/{path}", code=code)
    assert shop.check(APP_ID) == BROKEN
    assert line in capsys.readouterr().out


def test_an_address_that_is_not_ours_or_not_there_is_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert shop.check(APP_ID, public_url=nowhere) == BROKEN
    assert f"✗ Our own address {nowhere}/webhooks/wechat" in capsys.readouterr().out
    assert shop.check(APP_ID, public_url=shop.platform.url) == BROKEN
    told = capsys.readouterr().out
    assert "does not take a rightly signed call (status 404)" in told
    assert "✗ A call without a signature is not refused there" in told
    assert shop.check(shop.site, public_url=shop.platform.url) == BROKEN
    assert "✗ The script of the tag is not served" in capsys.readouterr().out


def test_an_account_that_only_answers_and_one_that_takes_anything_are_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_wechat(shop.tuanzi, secret="", plain=True)
    assert shop.check(APP_ID) == BROKEN
    told = capsys.readouterr().out
    assert "✗ Plain messages are believed too" in told
    assert "- No app secret is kept" in told


def test_keys_that_are_lost_end_the_check(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.change(lambda account: setattr(account, "secret", None))
    assert shop.check(APP_ID) == BROKEN
    assert "✗ There are no keys that can be read" in capsys.readouterr().out


def test_a_sites_chat_is_told_to_open_in_its_pages_and_nowhere_when_it_is_closed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.check(shop.site) == EXIT_SOUND
    told = capsys.readouterr().out
    assert f"✓ The script of the tag is served: {shop.tuanzi.settings.public_url}/" in told
    assert "✓ The chat opens in the pages of all its origins" in told
    assert f"+ Pages that may show it: {', '.join(SITE)}" in told
    with shop.tuanzi.database.transaction() as session:
        session.get_one(ChannelAccount, shop.site).secret = None
    assert shop.check(shop.site) == BROKEN
    assert "✗ The site is closed, or its key cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_everything_is_told_in_chinese_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    shop.check(APP_ID)
    told = capsys.readouterr().out
    assert "微信" in told
    assert "check." not in told
