"""A number alone may be an amount, an order or a bar code: the question and the shape decide."""

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import StartFlow
from dialogs.understanding import understand
from tests.dialogs.understanding.shop import a_context, slots_of


@pytest.mark.parametrize(
    ("text", "high"),
    [("about 200", "200"), ("around 150", "150"), ("大概两百", "200"), ("大概两百吧", "200"),
     ("200左右", "200")],
)  # fmt: skip
def test_about_an_amount_answers_the_question_about_the_budget(text: str, high: str) -> None:
    locale = Locale.EN if text.isascii() else Locale.ZH_HANS
    understood = understand(text, a_context(asked="budget", flow="gift_finder", locale=locale))
    budget = slots_of(understood)["budget"]
    assert (budget["max"], budget["approx"]) == (high, True)


def test_an_exact_amount_is_still_exact() -> None:
    understood = understand("200", a_context(asked="budget", flow="gift_finder"))
    assert slots_of(understood)["budget"]["approx"] is False


@pytest.mark.parametrize(
    "text", ["order 1001", "Order no. 1001", "#1001", "订单1001", "訂單編號 1001", "查订单 1001"]
)
def test_an_order_is_called_by_its_number(text: str) -> None:
    understood = understand(text, a_context())
    assert understood.intent == "order_status"
    assert [one.fields["value"] for one in understood.entities if one.kind == "order_number"] == [
        "1001"
    ]


@pytest.mark.parametrize("text", ["order 2000 of these", "订单 2000 元以内", "order 100"])
def test_a_number_that_counts_is_no_order(text: str) -> None:
    kinds = {one.kind for one in understand(text, a_context()).entities}
    assert "order_number" not in kinds


def test_the_number_under_a_bar_code_is_looked_for() -> None:
    understood = understand("2100000010004", a_context())
    assert understood.commands[0] == StartFlow("search")
    assert slots_of(understood)["wanted"] == "2100000010004"


@pytest.mark.parametrize("text", ["2100000010005", "13800138000"])
def test_other_long_numbers_are_not(text: str) -> None:
    assert understand(text, a_context()).intent != "product_search"


def test_a_bar_code_amid_a_free_answer_is_part_of_it() -> None:
    understood = understand("2100000010004", a_context(asked="address", flow="checkout"))
    assert slots_of(understood) == {"address": "2100000010004"}
