"""What people see of a bot before they write: its menu and its description, in their language."""

import asyncio
import json

import pytest

from bot.channels.telegram_client import Client
from bot.channels.telegram_menu import languages
from bot.delivery.telegram_front import SHOWN, introduce_shop
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from tests.peers.telegram_world import TOKEN, Street, wait

_SCOPES = {"all_private_chats", "all_group_chats"}


def account_of(street: Street) -> ChannelAccount:
    (account_id,) = street.tuanzi.channels
    with street.tuanzi.database.reading() as session:
        return session.get_one(ChannelAccount, account_id)


def introduced(street: Street) -> None:
    wait(lambda: SHOWN in account_of(street).settings or None, street.calls)


def open_again(street: Street) -> None:
    async def opened() -> None:
        client = Client(TOKEN, f"{street.peer}/bot")
        try:
            await client.introduce()
            await introduce_shop(client, street.tuanzi.database, account_of(street).id)
        finally:
            await client.shutdown()

    asyncio.run(opened())


def test_menu_and_descriptions_are_shown_in_each_language_that_telegram_tells_apart(
    street: Street,
) -> None:
    introduced(street)
    menus = [call["fields"] for call in street.calls("setMyCommands")]
    shown = {(one.get("language_code", ""), json.loads(one["scope"])["type"]) for one in menus}
    assert shown == {(code, scope) for code in ("", "en", "zh") for scope in _SCOPES}
    chinese = next(one for one in menus if one.get("language_code") == "zh")
    assert {"command": "gift", "description": "挑礼物"} in json.loads(chinese["commands"])
    for method in ("setMyDescription", "setMyShortDescription"):
        told = {call["fields"].get("language_code", "") for call in street.calls(method)}
        assert told == {"", "en", "zh"}


def test_what_is_shown_already_is_not_shown_again(street: Street) -> None:
    introduced(street)
    before = len(street.calls("setMyCommands"))
    open_again(street)
    assert len(street.calls("setMyCommands")) == before


def test_a_refused_menu_closes_no_door_and_is_tried_again_at_the_next_opening(
    street: Street,
) -> None:
    introduced(street)
    account, database = account_of(street), street.tuanzi.database
    with database.transaction() as session:
        mine = session.get_one(ChannelAccount, account.id)
        mine.settings = {key: value for key, value in mine.settings.items() if key != SHOWN}
    street.refuse("setMyCommands", None, status=400, description="Bad Request: nobody likes it")
    open_again(street)
    assert SHOWN not in account_of(street).settings
    open_again(street)
    assert SHOWN in account_of(street).settings


@pytest.mark.parametrize("shop", list(Locale))
def test_one_chinese_menu_is_in_the_shops_own_script(shop: Locale) -> None:
    shown = languages(shop)
    assert shown[""] is shop
    assert shown["zh"] is (Locale.ZH_HANT if shop is Locale.ZH_HANT else Locale.ZH_HANS)
    assert all(len(code) in (0, 2) for code in shown)
