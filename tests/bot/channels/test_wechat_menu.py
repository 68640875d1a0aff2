"""The menu says in each language what the shop understands, within what WeChat takes."""

import pytest

from bot.channels.wechat_menu import menu_in
from bot.web.wording import words
from data.kernel.locales import Locale
from dialogs.understanding import Context, understand
from tests.builders import NOW

MEANT = ["gift_find", "product_search", "group_buy_start", "reminder_add", "order_status", "human"]


@pytest.mark.parametrize("locale", Locale)
def test_what_a_press_says_is_understood(locale: Locale) -> None:
    keys = [
        one["key"]
        for above in menu_in(locale)
        for one in above["sub_button"]
        if one["type"] == "click"
    ]
    assert [
        understand(key, Context(locale=locale, today=NOW.date())).intent for key in keys
    ] == MEANT


@pytest.mark.parametrize("locale", Locale)
def test_names_and_keys_are_as_short_as_wechat_wants_them(locale: Locale) -> None:
    menu = menu_in(locale)
    below = [one for above in menu for one in above["sub_button"]]
    assert len(menu) <= 3
    assert max(len(above["sub_button"]) for above in menu) <= 5
    assert max(len(above["name"].encode()) for above in menu) <= 16
    assert max(len(one["name"].encode()) for one in below) <= 60
    assert max(len(one["key"].encode()) for one in below) <= 128


@pytest.mark.parametrize("locale", Locale)
def test_every_name_has_words(locale: Locale) -> None:
    menu = menu_in(locale)
    names = [above["name"] for above in menu]
    names += [one["name"] for above in menu for one in above["sub_button"]]
    assert not [name for name in names if name.startswith("wechat.")]
    assert words(locale).ugettext("wechat.menu.shop") in names
