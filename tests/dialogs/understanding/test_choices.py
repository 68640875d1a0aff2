"""Free text where buttons are shown: numbers, ordinals, labels."""

from dataclasses import replace

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
        ("后面那个", "prd_chalk"), ("就要後面那個", "prd_chalk"), ("the latter", "prd_chalk"),
        ("前面那个", "prd_tea"), ("前面那個吧", "prd_tea"), ("the former", "prd_tea"),
        ("I'd rather have the former one", "prd_tea"), ("后者", "prd_chalk"),
    ],
)  # fmt: skip
def test_an_option_is_picked_in_words(text: str, choice: str) -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", offered=IDEAS)
    understood = understand(text, context)
    assert slots_of(understood) == {"gift_choice": choice}
    assert understood.link == "offered"


COLOURS = (
    Offered("green 💚", "/SetSlots(gift_choice=green)", 1),
    Offered("蓝色 🟦", "/SetSlots(gift_choice=blue)", 2),
    Offered("❤️", "/SetSlots(gift_choice=heart)", 3),
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("green", "green"), ("green 💚", "green"), ("Green 💚!", "green"),
        ("I think the green one please", "green"), ("green would be nice", "green"),
        ("蓝色", "blue"), ("我觉得蓝色好", "blue"), ("我覺得藍色比較好", "blue"), ("❤️", "heart"),
        ("is the green one better?", None), ("not the green one", None), ("💚", None),
    ],
)  # fmt: skip
def test_a_label_is_typed_with_its_signs_or_without_and_as_an_opinion(
    text: str, choice: str | None
) -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", offered=COLOURS)
    assert slots_of(understand(text, context)).get("gift_choice") == choice


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


YES_OR_NO = (
    Offered("Yes, place it", "/SetSlots(confirm=true)", 1),
    Offered("Not now", "/SetSlots(confirm=false)", 2),
)


@pytest.mark.parametrize(
    ("text", "agreed"), [("1", True), ("１", True), ("一", True), ("2.", False)]
)
@pytest.mark.parametrize("numbered", [True, False])
def test_a_number_presses_any_with_the_numbers_written_there_or_not(
    text: str, agreed: bool, numbered: bool
) -> None:
    context = a_context(asked="confirm", flow="checkout", offered=YES_OR_NO, numbered=numbered)
    assert slots_of(understand(text, context)) == {"confirm": agreed}


WRITTEN = (  # ideas, then a search that wrote two cards and the question's buttons below them
    *(replace(one, written=0) for one in IDEAS[:2]),
    replace(IDEAS[2], written=3),
    replace(IDEAS[3], written=4),
    Offered("Buy this", "/SetSlots(gift_choice=prd_found)", 0, written=1),
    Offered("Buy this", "/SetSlots(gift_choice=prd_also)", 0, written=2),
)


@pytest.mark.parametrize(
    ("text", "numbered", "choice"),
    [
        ("1", True, "prd_found"), ("2", True, "prd_also"), ("3", True, "prd_chalk"),
        ("4", True, "more"), ("5", True, None), ("the first one", True, "prd_tea"),
        ("the last one", True, "prd_chalk"), ("1", False, "prd_tea"), ("4", False, None),
    ],
)  # fmt: skip
def test_a_number_is_what_it_stands_beside_and_a_place_counts_the_list(
    text: str, numbered: bool, choice: str | None
) -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", offered=WRITTEN, numbered=numbered)
    assert slots_of(understand(text, context)).get("gift_choice") == choice


@pytest.mark.parametrize("text", ["3", "0", "the third one"])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_number_beyond_the_buttons_says_neither_yes_nor_no(text: str, numbered: bool) -> None:
    context = a_context(asked="confirm", flow="checkout", offered=YES_OR_NO, numbered=numbered)
    assert slots_of(understand(text, context)) == {}


AMOUNTS = (
    Offered("Up to 100", "/SetSlots(budget=100)", 1),
    Offered("Up to 300", "/SetSlots(budget=300)", 2),
    Offered("No limit", "/skip", 3),
)


@pytest.mark.parametrize(
    ("text", "offered", "numbered", "budget"),
    [
        ("2", AMOUNTS, True, 300), ("二", AMOUNTS, True, 300), ("1", AMOUNTS, True, 100),
        ("60", AMOUNTS, True, {"max": "60"}), ("2", AMOUNTS, False, {"max": "2"}),
        ("2", IDEAS, True, {"max": "2"}), ("2", (), True, {"max": "2"}),
    ],
)  # fmt: skip
def test_an_amount_is_a_place_only_where_the_amounts_are_written_with_their_numbers(
    text: str, offered: tuple[Offered, ...], numbered: bool, budget: object
) -> None:
    context = a_context(asked="budget", flow="gift_finder", offered=offered, numbered=numbered)
    said = slots_of(understand(text, context))["budget"]
    assert (said if isinstance(said, int) else {"max": said["max"]}) == budget
