"""`tuanzi channels check` of a Matrix account; its homeserver says what it is told to say."""

import argparse
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channel_checks import check_channel
from bot.delivery import matrix_accounts
from bot.delivery.matrix_accounts import User
from bot.settings import Secret, Settings
from bot.terminal import BROKEN, EXIT_SOUND
from data.delivery import cursors
from data.kernel.clock import SystemClock
from data.merchants import ChannelAccount, Merchant
from tests.peers.telegram_world import KEY
from tests.small_homeserver import SmallHomeserver, small_homeserver

US, CANARY = "@shop:loop.test", "syt_CANARY"
Shown = Callable[[str], tuple[int, str]]


def _settings(file: Path) -> Settings:
    near = (ip_network("127.0.0.0/8"),)
    url = f"sqlite:///{file}"
    return Settings(database_url=url, field_keys=(Secret(KEY),), egress_allowed=near)


@contextmanager
def matrix_shop(seeded_shop: Path, folder: Path) -> Iterator[tuple[Tuanzi, SmallHomeserver]]:
    """Nobody serves it: a homeserver that always answers at once would be asked all the time."""
    shutil.copyfile(seeded_shop, folder / "shop.db")
    with small_homeserver() as home:
        tuanzi = build(_settings(folder / "shop.db"), clock=SystemClock())
        with tuanzi.database.transaction() as session:
            matrix_accounts.connect(
                session,
                merchant_id=session.scalars(select(Merchant.id)).one(),
                user=User(US, "Gifts", home.url),
                token=CANARY,
                now=tuanzi.clock.now(),
            )
        home.say("GET .*/whoami", {"user_id": US})
        home.say("GET .*/sync", {"next_batch": "s1", "rooms": _ROOMS})
        yield tuanzi, home
        tuanzi.close()


def _room(*events: dict[str, object], people: int) -> dict[str, object]:
    return {"state": {"events": [*events]}, "summary": {"m.joined_member_count": people}}


_OURS = {"type": "m.room.create", "state_key": "", "sender": US}
_ROOMS = {
    "join": {
        "!buyers:x": _room(people=5),
        "!ann:x": _room({**_OURS, "content": {"chat.tuanzi.for": "@ann:x"}}, people=2),
        "!sealed:x": _room({"type": "m.room.encryption", "state_key": "", "content": {}}, people=2),
    },
    "leave": {"!gone:x": _room(people=3)},
    "invite": {"!new:x": {"invite_state": {"events": []}}},
}


@pytest.fixture
def matrix(
    seeded_shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[tuple[SmallHomeserver, Tuanzi, Shown]]:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    with matrix_shop(seeded_shop, tmp_path) as (tuanzi, home):

        def shown(account: str) -> tuple[int, str]:
            asked = argparse.Namespace(account=account, merchant=None, verb="check")
            return check_channel(asked, tuanzi), capsys.readouterr().out

        yield home, tuanzi, shown


def test_a_matrix_account_tells_its_rooms_and_that_nobody_listens(
    matrix: tuple[SmallHomeserver, Tuanzi, Shown],
) -> None:
    _, tuanzi, shown = matrix
    code, told = shown(US)
    assert code == BROKEN
    assert f"✓ The homeserver knows the token: it is {US}" in told
    assert "+ It is in 1 group rooms and 1 private chats" in told
    assert "- 1 of its rooms are encrypted" in told
    assert "- 1 invitations wait" in told
    assert "✗ Nobody has read its news yet" in told
    assert CANARY not in told  # T47
    with tuanzi.database.transaction() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.channel == "matrix")
        ).one()
        cursors.move(session, account=account, to="s1", now=tuanzi.clock.now())
    assert shown(US)[0] == EXIT_SOUND


@pytest.mark.parametrize(
    ("answer", "status", "line"),
    [
        ({"errcode": "M_UNKNOWN_TOKEN", "error": CANARY}, 401, "✗ The homeserver does not know"),
        ({"user_id": "@other:x"}, 200, "✗ The homeserver does not know the token, or it is"),
        (b"<html>", 200, "gives no answer that can be used"),
        ({"errcode": "M_UNKNOWN"}, 502, "gives no answer that can be used"),
    ],
)
def test_what_is_wrong_with_a_matrix_account_is_told_without_its_token(
    matrix: tuple[SmallHomeserver, Tuanzi, Shown], answer: object, status: int, line: str
) -> None:
    home, _, shown = matrix
    home.say("GET .*/whoami", answer, status)
    code, told = shown(US)
    assert (code, line in told, CANARY in told) == (BROKEN, True, False)
    assert not home.asked("/sync")


def test_a_homeserver_on_a_private_network_is_told_by_the_setting_that_opens_it(
    matrix: tuple[SmallHomeserver, Tuanzi, Shown], capsys: pytest.CaptureFixture[str]
) -> None:
    _, tuanzi, _ = matrix
    closed = replace(tuanzi, settings=replace(tuanzi.settings, egress_allowed=()))
    asked = argparse.Namespace(account=US, merchant=None, verb="check")
    assert check_channel(asked, closed) == BROKEN
    assert "TUANZI_EGRESS_ALLOWED" in capsys.readouterr().out
