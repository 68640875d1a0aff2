"""What nobody can pay less than."""

import pytest

from data.kernel.money import Money
from data.payments.smallest import smallest_charge


@pytest.mark.parametrize(
    ("currency", "minor"), [("USD", 50), ("HKD", 400), ("JPY", 50), ("CNY", 100), ("KWD", 1000)]
)
def test_it_is_what_the_provider_says_or_one_unit(currency: str, minor: int) -> None:
    assert smallest_charge(currency) == Money(minor, currency)
