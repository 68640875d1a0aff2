"""Pointing at what is in sight: it is chosen, or only asked about, or a verb decides."""

from dataclasses import replace
from typing import Any

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import (
    CannotHandle,
    ChitChat,
    Clarify,
    HumanHandoff,
    SetSlot,
    StartFlow,
)
from dialogs.understanding import Asked, Context, Offered, Understood, Ware, understand
from dialogs.understanding.payload import parse_payload
from tests.dialogs.understanding.shop import IDEAS, a_context, slots_of

_ORDER = (
    Offered("Pay now", "/Act(action_pay_again, pressed_order=ord_1)", 1),
    Offered("Cancel order 1001", "/StartFlow(cancel_order, order_to_cancel=ord_1)", 2),
)
_SAVED = (
    Offered("My reminders", "/StartFlow(reminders)", 1),
    Offered("Delete your dad's birthday", "/StartFlow(forget_occasion, forget=occ_1)", 2),
)
_DAYS = tuple(
    Offered(f"Delete {who}", f"/StartFlow(forget_occasion, forget=occ_{place})", place)
    for place, who in enumerate(("mum", "dad"), start=1)
)
_FOUND = tuple(
    Offered("Buy this", f"/StartFlow(checkout, product=prd_{name})", place)
    for place, name in enumerate(("mat", "scarf", "throw", "blocks"), start=1)
)
_WARES = {
    "prd_mat": Ware(("Natural-rubber yoga mat", "天然橡胶瑜伽垫", "天然橡膠瑜珈墊"), 16900),
    "prd_scarf": Ware(("Fine wool scarf", "细羊毛围巾", "細羊毛圍巾"), 26900),
    "prd_throw": Ware(("Checked wool throw", "格纹羊毛盖毯", "格紋羊毛蓋毯"), 29900),
    "prd_blocks": Ware(("48 coloured blocks", "四十八块彩色积木", "四十八塊彩色積木"), 9900),
}
_CARDS = tuple(
    Offered("Pick this", f"/SetSlots(gift_choice={name})", place)
    for place, name in enumerate(_WARES, start=1)
)


def _said(text: str, offered: tuple[Offered, ...], **more: Any) -> Understood:
    return understand(text, a_context(offered=offered, wares=_WARES.get, **more))


def _choosing(text: str) -> Understood:
    return _said(text, _CARDS, asked="gift_choice", flow="gift_finder")


@pytest.mark.parametrize(
    "text",
    ["第一个", "the first one", "就第一个吧", "第一個", "第二个", "the second one"],
)
@pytest.mark.parametrize("offered", [_ORDER, _SAVED, _DAYS])
def test_a_place_presses_no_button_that_pays_cancels_or_deletes(
    text: str, offered: tuple[Offered, ...]
) -> None:
    assert isinstance(_said(text, offered).commands[0], CannotHandle)


@pytest.mark.parametrize(
    ("text", "place"),
    [("1", 0), ("１", 0), ("一", 0), ("2", 1), ("#2", 1), ("二", 1), ("no. 2", 1)],
)
@pytest.mark.parametrize("offered", [_ORDER, _SAVED, _DAYS])
def test_a_bare_number_presses_that_button_where_nothing_is_asked(
    text: str, place: int, offered: tuple[Offered, ...]
) -> None:
    assert _said(text, offered).commands == parse_payload(offered[place].payload)


_YES_OR_NO = (
    Offered("Yes", "/SetSlots(confirm=true)", 1),
    Offered("No", "/SetSlots(confirm=false)", 2),
    Offered("A person, please", "/human", 3),
)
_FIRST = ["1", "１", "一", "第一个", "the first one", "就第一個吧"]
_SECOND = ["2", "２", "二", "第二个", "the second one", "第二個", "the last one"]


@pytest.mark.parametrize(
    ("text", "says"), [*((one, True) for one in _FIRST), *((one, False) for one in _SECOND)]
)
def test_a_number_or_a_place_answers_a_yes_or_no_question(text: str, says: bool) -> None:
    understood = _said(text, _YES_OR_NO, asked="confirm", flow="checkout")
    assert slots_of(understood) == {"confirm": says}


def test_a_number_presses_what_stands_below_the_answers_too() -> None:
    understood = _said("3", _YES_OR_NO, asked="confirm", flow="checkout")
    assert understood.commands == (HumanHandoff(),)


@pytest.mark.parametrize(("text", "says"), [("1", True), ("第一个", True), ("2", False)])
def test_what_was_said_before_the_question_in_one_breath_is_not_counted(
    text: str, says: bool
) -> None:
    menu = (
        Offered("Find a gift", "/StartFlow(gift_finder)", 1),
        Offered("A person, please", "/human", 2),
    )
    asked_again = (*menu, *(replace(one, number=one.number + 2) for one in _YES_OR_NO))
    understood = _said(text, asked_again, asked="confirm", flow="checkout")
    assert slots_of(understood) == {"confirm": says}


@pytest.mark.parametrize("flow", ["cancel_order", "forget_occasion"])
@pytest.mark.parametrize("text", ["第一个", "the second one", "就第一個吧"])
def test_a_place_takes_nothing_away_since_it_may_mean_another_thing(flow: str, text: str) -> None:
    context = a_context(asked="confirm", flow="checkout", offered=_YES_OR_NO)
    here = replace(context, active_flow=flow)
    assert understand(text, here).commands == (ChitChat("utter_yes_or_no_here"),)
    assert slots_of(understand("1", here)) == {"confirm": True}


@pytest.mark.parametrize("text", ["1", "2", "一"])
def test_a_number_presses_no_button_from_before_the_open_question(text: str) -> None:
    for stale in (_FOUND, IDEAS, _DAYS, _ORDER):
        understood = _said(text, stale, asked="recipient", flow="gift_finder")
        assert isinstance(understood.commands[0], CannotHandle), understood


@pytest.mark.parametrize("text", ["就第一个吧", "the first one", "第二個"])
def test_a_list_from_before_the_open_question_is_no_longer_in_force(text: str) -> None:
    for stale in (_FOUND, IDEAS, _DAYS):
        understood = _said(text, stale, asked="recipient", flow="gift_finder")
        assert isinstance(understood.commands[0], CannotHandle), understood


def test_cards_beside_the_question_s_own_buttons_are_still_chosen_from() -> None:
    asked_again = (*_FOUND, Offered("Birthday", "/SetSlots(occasion=birthday)", 0))
    understood = _said("the second one", asked_again, asked="occasion", flow="gift_finder")
    assert understood.commands == (StartFlow("checkout"), SetSlot("product", "prd_scarf"))


@pytest.mark.parametrize("text", ["取消第一单", "取消第一個訂單", "cancel the first one"])
def test_cancelling_by_place_takes_the_cancel_button_and_not_the_pay_button(text: str) -> None:
    understood = _said(text, _ORDER)
    assert understood.commands == (StartFlow("cancel_order"), SetSlot("order_to_cancel", "ord_1"))


@pytest.mark.parametrize(
    "text", ["删除第二个", "把第二个删掉", "刪掉第二個", "delete the second one"]
)
def test_deleting_by_place_takes_the_day_in_that_place(text: str) -> None:
    understood = _said(text, _DAYS)
    assert understood.commands == (StartFlow("forget_occasion"), SetSlot("forget", "occ_2"))


@pytest.mark.parametrize("text", ["删除第一个", "delete the first one", "刪除第一個"])
def test_deleting_by_place_without_a_list_asks_which(text: str) -> None:
    understood = _said(text, _CARDS, asked="gift_choice", flow="gift_finder")
    assert understood.commands == (StartFlow("forget_occasion"),)


@pytest.mark.parametrize("text", ["取消第一单", "取消第一個訂單", "cancel the first order"])
def test_an_order_is_cancelled_by_its_place_only_where_its_button_is_in_sight(text: str) -> None:
    assert _said(text, ()).commands == (StartFlow("cancel_order"),)


@pytest.mark.parametrize("text", ["取消第二个", "cancel the second one"])
def test_cancelling_something_that_is_not_in_sight_asks_what_is_meant(text: str) -> None:
    assert _said(text, _FOUND).commands == (Clarify(("cancel_order", "forget_occasion")),)


@pytest.mark.parametrize(
    "text", ["第二个改成5月21", "第二個改成5月21日", "change the second one to 21 May"]
)
def test_changing_a_day_by_place_deletes_nothing(text: str) -> None:
    understood = _said(text, _DAYS)
    assert understood.commands[0] == StartFlow("remember_occasion")
    assert slots_of(understood)["occasion_date"]["day"] == 21
    assert "forget" not in slots_of(understood)


@pytest.mark.parametrize(
    "text",
    ["第二个多少钱", "第二個多少錢", "第二个怎么样", "第二个呢", "how much is the second one",
     "what about the second one?", "is the second one any good"],
)  # fmt: skip
def test_a_question_about_one_of_them_chooses_nothing(text: str) -> None:
    for understood in (_choosing(text), _said(text, _FOUND)):
        assert understood.commands[0] == StartFlow("product_question"), understood
        assert "gift_choice" not in slots_of(understood)
        assert "product" not in slots_of(understood)


@pytest.mark.parametrize(
    "text",
    ["第二个挺好的，就它", "can i have the second one?", "可以要第二个吗", "buy the second one"],
)
def test_praise_and_politeness_choose_all_the_same(text: str) -> None:
    assert slots_of(_choosing(text)) == {"gift_choice": "prd_scarf"}


@pytest.mark.parametrize("text", ["不要第一个", "not the first one", "不要第一個"])
def test_a_refused_place_is_not_chosen(text: str) -> None:
    assert "gift_choice" not in slots_of(_choosing(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the yoga mat", "mat"), ("瑜伽垫", "mat"), ("要瑜伽垫", "mat"), ("瑜珈墊", "mat"),
        ("the scarf", "scarf"), ("就要那条围巾", "scarf"), ("圍巾", "scarf"),
        ("scarf please", "scarf"),
        ("就要那个毯子", "throw"), ("I'll take the blocks", "blocks"), ("积木吧", "blocks"),
        ("选最便宜的", "blocks"), ("最便宜的那个", "blocks"), ("最便宜的那個", "blocks"),
        ("the cheapest one", "blocks"), ("the cheapest one please", "blocks"),
        ("最贵的那个", "throw"), ("the most expensive one", "throw"),
    ],
)  # fmt: skip
def test_a_card_is_chosen_by_what_stands_on_it(text: str, name: str) -> None:
    understood = _choosing(text)
    assert slots_of(understood) == {"gift_choice": f"prd_{name}"}
    assert understood.link == "offered"


@pytest.mark.parametrize("text", ["the wool one", "羊毛的", "要羊毛的", "the wool one please"])
def test_a_name_that_several_cards_bear_asks_which(text: str) -> None:
    assert _choosing(text).commands == (ChitChat("utter_which_of_these"),)


@pytest.mark.parametrize("text", ["她喜欢瑜伽", "she loves yoga", "有手表吗", "a teapot", "毛巾"])
def test_what_no_card_is_called_chooses_nothing(text: str) -> None:
    assert "prd_" not in str(slots_of(_choosing(text)).get("gift_choice"))


@pytest.mark.parametrize("text", ["瑜伽垫多少钱", "how much is the yoga mat?", "瑜珈墊多少錢"])
def test_a_card_is_asked_about_by_its_name(text: str) -> None:
    understood = _choosing(text)
    assert understood.commands == (StartFlow("product_question"), SetSlot("product_asked", 1))


def test_among_search_results_a_bare_word_looks_for_something_else() -> None:
    assert _said("the scarf", _FOUND).commands[-1] == SetSlot("product", "prd_scarf")
    assert _said("要围巾", _FOUND).commands[-1] == SetSlot("product", "prd_scarf")
    for text in ("围巾", "I want a scarf"):
        assert SetSlot("product", "prd_scarf") not in _said(text, _FOUND).commands


def test_the_options_of_a_question_are_counted_with_the_way_around_it() -> None:
    options = (
        Offered("Birthday", "/SetSlots(occasion=birthday)", 1),
        Offered("Anniversary", "/SetSlots(occasion=anniversary)", 2),
        Offered("No special day", "/skip", 3),
    )
    context = Context(
        locale=Locale.EN, today=a_context().today, offered=options,
        asked=Asked("occasion", a_context(asked="occasion").asked.type),  # type: ignore[union-attr]
        slots=a_context().slots,
    )  # fmt: skip
    assert slots_of(understand("the last one", context)) == {"occasion": "anniversary"}
    assert slots_of(understand("1", context)) == {"occasion": "birthday"}


_TEAMS = {
    "join_team": ("Umbrella for two · CN¥99 · 1 to go", "Oolong for two · CN¥59 · 1 to go"),
    "wait_for_place": ("两人拼雨伞", "两人拼桂花乌龙"),
    "leave_team": ("兩人揪團買雨傘", "兩人揪團買桂花烏龍"),
    "nudge_team": ("Umbrella for two", "Oolong for two"),
}


def _teams(action: str) -> tuple[Offered, ...]:
    return tuple(
        Offered(label, f"/Act(action_{action}, team=tm_{place})", place)
        for place, label in enumerate(_TEAMS[action], start=1)
    )


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("join_team", "the oolong one"), ("join_team", "I'll take the oolong"),
        ("nudge_team", "the oolong one, please"), ("wait_for_place", "乌龙那个"),
        ("wait_for_place", "那个乌龙的"), ("wait_for_place", "选桂花乌龙"),
        ("leave_team", "烏龍那個"), ("leave_team", "桂花烏龍那個"),
    ],
)  # fmt: skip
def test_a_part_of_its_title_chooses_a_team(action: str, text: str) -> None:
    teams = _teams(action)
    assert _said(text, teams).commands == parse_payload(teams[1].payload)


@pytest.mark.parametrize("text", ["the one for two", "两人那个", "兩人那個"])
def test_what_stands_in_several_titles_is_asked_about(text: str) -> None:
    action = "join_team" if text.isascii() else "wait_for_place"
    assert _said(text, _teams(action)).commands == (ChitChat("utter_which_of_these"),)


@pytest.mark.parametrize(
    "text", ["is the oolong good?", "乌龙好喝吗", "an oolong", "not the oolong one", "不要乌龙那个"]
)
def test_who_asks_or_refuses_has_chosen_no_team(text: str) -> None:
    chosen = [parse_payload(one.payload) for one in (*_teams("join_team"), *_teams("leave_team"))]
    assert _said(text, _teams("join_team")).commands not in chosen
    assert _said(text, _teams("leave_team")).commands not in chosen


_NUDGED = (
    Offered("Umbrella for two", "/Act(action_nudge_team, team=tm_1)", 1),
    Offered("Order 1001", "/Act(action_nudge_order, order_said=1001)", 2),
)


@pytest.mark.parametrize("text", ["第二个", "第二個", "the second", "the second one", "最后一个"])
def test_a_place_chooses_whom_or_what_to_hurry(text: str) -> None:
    assert _said(text, _NUDGED).commands == parse_payload(_NUDGED[1].payload)


@pytest.mark.parametrize("text", ["第二个", "第二個", "the second one"])
def test_a_button_to_remind_the_others_beside_a_way_in_is_no_entry_of_a_list(text: str) -> None:
    beside = (
        Offered("Join", "/Act(action_join_team, team=tm_1)", 1),
        Offered("Remind the others", "/Act(action_nudge_team, team=tm_1)", 2),
    )
    assert isinstance(_said(text, beside).commands[0], CannotHandle)
