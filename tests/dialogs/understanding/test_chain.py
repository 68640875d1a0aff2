"""Whole messages in the middle of things: which link answers, and with what."""

import json
from dataclasses import replace

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import (
    CancelFlow,
    CannotHandle,
    ChitChat,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SkipQuestion,
    StartFlow,
)
from dialogs.format.domain import Slot, SlotType
from dialogs.understanding import Asked, describe, understand
from tests.dialogs.understanding.shop import TODAY, a_context, slots_of


def test_one_sentence_starts_the_flow_and_fills_what_it_says() -> None:
    understood = understand("给我妈挑个生日礼物，三百以内", a_context(locale=Locale.ZH_HANS))
    assert understood.commands[0] == StartFlow("gift_finder")
    assert slots_of(understood) == {
        "recipient": "mother",
        "occasion": "birthday",
        "budget": {"min": None, "max": "300", "currency": "CNY", "approx": False},
    }


def test_the_same_in_english_with_an_interest() -> None:
    understood = understand("something for my brother, he climbs, under $50", a_context())
    assert understood.commands[0] == StartFlow("gift_finder")
    assert slots_of(understood)["recipient"] == "brother"
    assert slots_of(understood)["interests"] == ["climbing"]
    assert slots_of(understood)["budget"]["currency"] == "USD"


def test_a_lunar_birthday_keeps_its_lunar_day() -> None:
    understood = understand("remind me: my mum's birthday is 农历八月十五", a_context())
    assert understood.commands[0] == StartFlow("remember_occasion")
    assert slots_of(understood)["occasion_date"] == {
        "date": "2027-09-15", "calendar": "lunar", "month": 8, "day": 15, "leap": False,
    }  # fmt: skip


def test_a_day_that_may_be_of_either_calendar_is_asked_about() -> None:
    understood = understand("我妈生日八月十五，提醒我", a_context(locale=Locale.ZH_HANS))
    assert slots_of(understood)["occasion_date"]["calendar"] == "unclear"


@pytest.mark.parametrize("text", ["no, for my dad", "不对，是给我爸的", "not my mum, my dad"])
def test_a_correction_amid_another_question_names_its_own_slot(text: str) -> None:
    for asked in ("budget", "occasion", "gift_choice"):
        understood = understand(text, a_context(asked=asked, flow="gift_finder"))
        assert slots_of(understood).get("recipient") == "father", (asked, understood)


def test_what_must_not_be_is_added_to_the_exclusions() -> None:
    context = a_context(asked="gift_choice", flow="gift_finder", locale=Locale.ZH_HANS)
    assert slots_of(understand("不要香水", context)) == {"excluded": ["perfume"]}
    assert slots_of(understand("不要带流苏的", context)) == {"excluded": ["带流苏"]}


@pytest.mark.parametrize(
    ("text", "step"),
    [("cheaper", "cheaper"), ("便宜点的", "cheaper"), ("太貴了", "cheaper"), ("换一批", "more"),
     ("what else have you got", "more")],
)  # fmt: skip
def test_a_wish_about_the_ideas_fills_the_choice(text: str, step: str) -> None:
    context = a_context(asked="gift_choice", flow="gift_finder")
    assert slots_of(understand(text, context)) == {"gift_choice": step}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("转人工", HumanHandoff()), ("I want to talk to a human", HumanHandoff()),
        ("can I speak to someone please", HumanHandoff()), ("算了", CancelFlow()),
        ("cancel", CancelFlow()), ("never mind, thanks", CancelFlow()), ("不買了", CancelFlow()),
        ("back", GoBack()), ("上一步", GoBack()), ("重新开始", Restart()),
        ("start over", Restart()), ("再说一遍", RepeatLast()), ("skip", SkipQuestion()),
    ],
)  # fmt: skip
def test_steering_words_work_even_where_any_text_is_an_answer(text: str, command: object) -> None:
    understood = understand(text, a_context(asked="address", flow="checkout"))
    assert understood.commands == (command,)
    assert understood.link == "words"


def test_an_address_is_taken_whole() -> None:
    for text in (
        "北京市朝阳区建国路88号3号楼 李雷",
        "12 Garden Street, flat 3",
        "Thank you Lane 5",
    ):
        understood = understand(text, a_context(asked="address", flow="checkout"))
        assert slots_of(understood) == {"address": text}
        assert understood.link == "asked"


@pytest.mark.parametrize(
    "text", ["wait, do you have it in red?", "等一下，这个有红色的吗", "這款有紅色嗎"]
)
def test_a_digression_is_heard_where_an_address_is_asked(text: str) -> None:
    understood = understand(text, a_context(asked="address", flow="checkout"))
    assert understood.commands[0] == StartFlow("product_question")
    assert slots_of(understood) == {"attribute": "red"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("yes", True), ("好的", True), ("嗯嗯", True), ("sure, go ahead", True), ("👍", True),
     ("no", False), ("不要", False), ("没有", False), ("nope", False), ("不用了谢谢", False)],
)  # fmt: skip
def test_yes_and_no_answer_a_yes_or_no_question(text: str, value: bool) -> None:
    understood = understand(text, a_context(asked="confirm", flow="checkout"))
    assert slots_of(understood) == {"confirm": value}


@pytest.mark.parametrize("text", ["ok", "Yes!", "got it", "好的", "收到", "好啊，可以", "了解"])
@pytest.mark.parametrize("asked", ["recipient", "budget", "gift_choice", "quantity", "address"])
def test_a_yes_names_nothing_so_what_was_to_be_named_is_still_asked(text: str, asked: str) -> None:
    understood = understand(text, a_context(asked=asked, flow="gift_finder"))
    assert (understood.commands, understood.link) == ((), "asked")


@pytest.mark.parametrize(
    ("text", "answer"), [("ok", None), ("好的", None), ("great", "great"), ("可以", "可以")]
)
def test_free_words_may_be_a_judgement_but_no_mere_nod(text: str, answer: str | None) -> None:
    slots = {"how": Slot("how", SlotType.TEXT)}
    context = replace(a_context(), asked=Asked("how", SlotType.TEXT), slots=slots)
    assert slots_of(understand(text, context)).get("how") == answer


def test_a_yes_that_is_one_of_the_answers_is_that_answer() -> None:
    slots = {"hand": Slot("hand", SlotType.CATEGORICAL, values=("ok", "fold"))}
    context = replace(a_context(), slots=slots)
    context = replace(context, asked=Asked("hand", SlotType.CATEGORICAL, ("ok", "fold")))
    assert slots_of(understand("OK", context)) == {"hand": "ok"}


def test_a_yes_where_nothing_is_asked_agrees_to_what_was_offered() -> None:
    agreed = (StartFlow("remember_occasion"),)
    offering = replace(a_context(), agreed=lambda: agreed)
    assert understand("好啊", offering).commands == agreed
    assert understand("no", offering).commands == (ChitChat("utter_deny"),)
    asking = replace(offering, asked=Asked("budget", SlotType.ANY))
    assert understand("好啊", asking).commands == ()
    nothing = replace(a_context(), agreed=lambda: ())
    assert understand("好啊", nothing).commands == (ChitChat("utter_affirm"),)


def test_no_to_an_open_question_skips_it() -> None:
    understood = understand("没有", a_context(asked="interests", flow="gift_finder"))
    assert understood.commands == (SkipQuestion(),)


def test_the_name_of_an_allowed_value_answers() -> None:
    understood = understand("Express please", a_context(asked="delivery", flow="checkout"))
    assert slots_of(understood) == {"delivery": "express"}


def test_an_answer_does_not_start_its_own_flow_anew() -> None:
    understood = understand("给我妈妈", a_context(asked="recipient", flow="gift_finder"))
    assert understood.commands[0] != StartFlow("gift_finder")
    assert slots_of(understood) == {"recipient": "mother"}


@pytest.mark.parametrize("text", ["I am 12", "我12岁", "我今年十四歲", "i'm 15 years old"])
def test_t54_a_child_who_says_so_is_answered_as_one(text: str) -> None:
    assert understand(text, a_context()).commands == (ChitChat("utter_minor"),)
    amid = understand(text, a_context(asked="quantity", flow="checkout"))
    assert amid.intent == "minor"


def test_a_grown_up_who_tells_an_age_is_no_child() -> None:
    assert understand("I am 35", a_context()).intent != "minor"
    assert understand("我女儿12岁，送什么好", a_context()).intent == "gift_find"


@pytest.mark.parametrize("text", ["😂😂😂", "???", "…", "asdf ghjk", "。", "7", "/SetSlots(a=1)"])
def test_nonsense_is_answered_honestly(text: str) -> None:
    assert isinstance(understand(text, a_context()).commands[0], CannotHandle)


def test_small_talk_names_the_sentence_that_answers_it() -> None:
    assert understand("who are you?", a_context()).commands == (ChitChat("utter_who_are_you"),)
    assert understand("谢谢", a_context()).commands == (ChitChat("utter_thanks"),)


def test_what_is_looked_for_is_freed_of_the_words_around_it() -> None:
    for text, wanted in (
        ("do you have any red mugs?", "red mugs"), ("有没有保温杯？", "保温杯"),
        ("I'm looking for a Teapot", "Teapot"),
    ):  # fmt: skip
        understood = understand(text, a_context())
        assert understood.commands[0] == StartFlow("search")
        assert slots_of(understood)["wanted"] == wanted


def test_a_product_of_the_shelf_is_recognised_by_its_name() -> None:
    context = a_context(products=lambda text: [("prd_tea", "青瓷")] if "青瓷" in text else [])
    understood = understand("拼团买青瓷茶壶", context)
    assert understood.commands[0] == StartFlow("start_group_buy")
    assert slots_of(understood)["product"] == "prd_tea"


def test_the_language_is_the_message_s_own_and_ok_tells_nothing() -> None:
    def language(text: str, stored: Locale) -> Locale:
        return understand(text, a_context(locale=stored)).language

    assert language("hello, any tea?", Locale.ZH_HANS) is Locale.EN
    assert language("买 AirPods", Locale.EN) is Locale.ZH_HANS
    assert language("買個禮物", Locale.EN) is Locale.ZH_HANT
    assert language("你好", Locale.ZH_HANT) is Locale.ZH_HANT
    for neutral in ("ok", "😀", "300", "+1", "/start", "/gift@tuanzi_test_bot"):
        assert language(neutral, Locale.ZH_HANT) is Locale.ZH_HANT
    assert language("/gift my mother", Locale.ZH_HANT) is Locale.EN


def test_the_description_is_json_with_offsets_in_the_original() -> None:
    text = "給媽媽買生日禮物，NT$１０００以內"
    told = json.loads(json.dumps(describe(text, today=TODAY)))
    assert told["language"] == "zh-Hant"
    for entity in told["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"]
    money = next(entity for entity in told["entities"] if entity["kind"] == "money")
    assert (money["max"], money["currency"], money["text"]) == ("1000", "TWD", "NT$１０００以內")


def test_a_flow_that_asks_for_more_certainty_is_begun_only_with_it() -> None:
    """`confidence_threshold` of a trigger; the model's own bar stays the least."""
    wish = "I'd like to find a present"
    plain = understand(wish, a_context())
    assert plain.commands[0] == StartFlow("gift_finder")
    assert 0 < plain.confidence < 1
    strict = {"gift_find": (1 + plain.confidence) / 2}
    assert StartFlow("gift_finder") not in understand(wish, a_context(sure_from=strict)).commands
    lax = {"gift_find": plain.confidence / 2, "order_status": 1.0}
    assert understand(wish, a_context(sure_from=lax)).commands == plain.commands
