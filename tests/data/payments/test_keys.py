"""One key per business act: the same act, the same key; another act, another key."""

from data.kernel.money import Money
from data.payments.keys import business_key

FEN = Money(100, "CNY")


def test_a_key_fits_every_provider_and_repeats_itself() -> None:
    key = business_key("payment", "ord_1", 1, FEN)
    assert len(key) == 32
    assert key == business_key("payment", "ord_1", 1, FEN)


def test_another_act_has_another_key() -> None:
    acts = [
        ("payment", "ord_1", 1, FEN),
        ("refund", "ord_1", 1, FEN),
        ("payment", "ord_2", 1, FEN),
        ("payment", "ord_1", 2, FEN),
        ("payment", "ord_1", 1, Money(101, "CNY")),
        ("payment", "ord_1", 1, Money(100, "JPY")),
    ]
    assert len({business_key(*act) for act in acts}) == len(acts)
