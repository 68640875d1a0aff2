"""Free text where buttons are shown: numbers, ordinals, labels."""

import pytest

from dialogs.engine.commands import CancelFlow
from dialogs.understanding import Offered, understand
from tests.dialogs.understanding.shop import IDEAS, a_context, slots_of


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("1", "prd_tea"), ("１", "prd_tea"), ("一", "prd_tea"), ("第一个", "prd_tea"),
        ("第一個", "prd_tea"), ("我要第一个", "prd_tea"), ("the first one", "prd_tea"),
        ("tea set", "prd_tea"), ("TEA SET!", "prd_tea"), ("#1", "prd_tea"),
        ("2", "prd_scarf"), ("二", "prd_scarf"), ("第2个吧", "prd_scarf"), ("丝巾", "prd_scarf"),
        ("絲巾", "prd_scarf"), ("就要第二個", "prd_scarf"), ("the second one please", "prd_scarf"),
        ("option 2", "prd_scarf"), ("I'll take the 2nd one", "prd_scarf"), ("2号", "prd_scarf"),
        ("最后一个", "prd_chalk"), ("最後一個", "prd_chalk"), ("the last one", "prd_chalk"),
        ("倒数第一个", "prd_chalk"), ("show more", "more"),
    ],
)  # fmt: skip
def test_an_option_is_picked_in_words(text: str, choice: str) -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", offered=IDEAS)
    understood = understand(text, context)
    assert slots_of(understood) == {"gift_choice": choice}
    assert understood.link == "offered"


def test_a_number_that_is_not_in_the_list_picks_nothing() -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", offered=IDEAS)
    assert slots_of(understand("7", context)) == {}
    assert slots_of(understand("0", context)) == {}


def test_a_number_answers_the_question_when_a_number_is_asked() -> None:
    context = a_context(asked="quantity", flow="checkout", offered=IDEAS)
    assert slots_of(understand("2", context)) == {"quantity": 2}
    context = a_context(asked="budget", flow="gift_finder", offered=IDEAS)
    assert slots_of(understand("300", context))["budget"]["max"] == "300"


def test_the_last_one_is_no_button_that_leads_away() -> None:
    offered = (*IDEAS[:2], Offered("Never mind", "/cancel", 3))
    context = a_context(asked="gift_choice", flow="gift_finder", offered=offered)
    assert slots_of(understand("the last one", context)) == {"gift_choice": "prd_scarf"}
    assert understand("never mind", context).commands == (CancelFlow(),)


def test_without_a_list_an_ordinal_picks_nothing() -> None:
    assert slots_of(understand("the second one", a_context(flow="gift_finder"))) == {}
