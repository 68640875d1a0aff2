"""`tuanzi channels check`: what is wrong with an account, and what its messenger will not allow."""

import argparse
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.channel_checks import check_channel
from bot.settings import Secret
from bot.terminal import BROKEN, EXIT_SOUND, CannotDo
from data.merchants import ChannelAccount
from tests.peers.telegram_world import BOT_ID, TOKEN, Street, wait


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def options(account: str) -> argparse.Namespace:
    return argparse.Namespace(account=account, merchant=None, verb="check")


def connected(street: Street) -> None:
    wait(lambda: len(street.calls("setMyCommands")) >= 6 or None, street.calls)
    wait(lambda: street.calls("setWebhook") or None, street.calls)


def test_a_sound_bot_is_told_to_be_sound_and_what_it_cannot_do(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    connected(street)
    assert check_channel(options(str(BOT_ID)), street.tuanzi) == EXIT_SOUND
    told = capsys.readouterr().out
    assert f"{street.site}/webhooks/telegram/{BOT_ID}" in told
    assert "- Privacy mode is on" in told  # as the peer's getMe says
    assert "- Inline mode is off" in told
    assert "✗" not in told
    assert TOKEN not in told  # T47


def test_a_webhook_that_leads_elsewhere_must_be_mended(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    connected(street)
    moved = replace(street.tuanzi.settings, public_url="https://shop.example")
    assert check_channel(options(str(BOT_ID)), replace(street.tuanzi, settings=moved)) == BROKEN
    assert "✗ Telegram is to call https://shop.example/webhooks" in capsys.readouterr().out


def test_a_token_that_cannot_be_read_is_told_and_nothing_is_asked(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(street.tuanzi.settings, telegram_token=Secret("8:of-another-bot"))
    assert check_channel(options(str(BOT_ID)), replace(street.tuanzi, settings=other)) == BROKEN
    assert "tuanzi connect-telegram" in capsys.readouterr().out


def test_rest_and_web_accounts_are_checked_too_and_an_unknown_one_is_named(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    with street.tuanzi.database.reading() as session:
        pulled = select(ChannelAccount.id).where(ChannelAccount.channel.in_(("rest", "web")))
        ids = session.scalars(pulled).all()
    assert ids
    for account_id in ids:
        assert check_channel(options(account_id), street.tuanzi) == EXIT_SOUND
    assert "+ " in capsys.readouterr().out
    with pytest.raises(CannotDo):
        check_channel(options("acc_nobody"), street.tuanzi)
