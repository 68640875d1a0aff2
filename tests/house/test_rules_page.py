"""What a customer reads about buying together is what the bot answers, in each language."""

import pytest

from data.kernel.locales import Locale
from tests.house.rules_page import PAGES, rules


@pytest.mark.parametrize("locale", list(Locale))
def test_the_page_says_what_the_bot_says(locale: Locale) -> None:
    assert PAGES[locale].read_text(encoding="utf-8") == rules(locale), "./dev docs makes it anew"
