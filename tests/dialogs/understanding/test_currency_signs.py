"""A sign of money may stand behind its number, as most of Europe writes it."""

from datetime import date

import pytest

from data.kernel.locales import Locale
from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract


@pytest.mark.parametrize(
    ("text", "currency", "most"),
    [
        ("under 40€", "EUR", "40"),
        ("max 30£", "GBP", "30"),
        ("40€以内", "EUR", "40"),
        ("20-40€", "EUR", "40"),
        ("£40", "GBP", "40"),
    ],
)
def test_a_sign_behind_the_number_names_the_currency(text: str, currency: str, most: str) -> None:
    setting = Setting(date(2026, 11, 22), Locale.EN, "CNY")
    (money,) = (value for value in extract(fold(text), setting) if value.kind == "money")
    assert (money.fields["currency"], money.fields["max"]) == (currency, most)
