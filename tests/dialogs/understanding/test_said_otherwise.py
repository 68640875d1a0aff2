"""The same wish in other words: without apostrophes, in slang, before it is asked, in anger."""

import pytest

from dialogs.engine.commands import CannotHandle, ChitChat, SetSlot, SkipQuestion, StartFlow
from dialogs.format.domain import Slot, SlotMapping, SlotType
from dialogs.understanding import Asked, Context, understand
from dialogs.understanding.message import read_message
from dialogs.understanding.vouchers import voucher
from tests.dialogs.understanding.shop import SLOTS, a_context, slots_of


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("mums birthday gift under 300", "mother"),
        ("present for moms birthday around 200", "mother"),
        ("something for my dads retirement", "father"),
        ("my mums bday is coming up", "mother"),
    ],
)
def test_a_gift_is_wished_for_without_an_apostrophe(text: str, recipient: str) -> None:
    understood = understand(text, a_context())
    assert understood.commands[0] == StartFlow("gift_finder")
    assert slots_of(understood)["recipient"] == recipient


def test_a_day_is_told_without_an_apostrophe() -> None:
    text = "dont let me forget my moms bday its on the 4th of july"
    understood = understand(text, a_context())
    assert understood.commands[0] == StartFlow("remember_occasion")
    assert slots_of(understood)["occasion_date"]["date"] == "2027-07-04"
    assert slots_of(understood)["recipient"] == "mother"


@pytest.mark.parametrize("text", ["mum's birthday, around 200", "for my mum around 200"])
def test_a_round_number_at_the_end_is_what_may_be_spent(text: str) -> None:
    understood = understand(text, a_context(asked="recipient", flow="gift_finder"))
    assert slots_of(understood)["budget"]["approx"]


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "妈的", "他妈的！", "媽的", "wtf", "{{7*7}}",
     "John Smith 22 Baker St London"],
)  # fmt: skip
def test_markup_curses_and_addresses_are_no_wish(text: str) -> None:
    assert isinstance(understand(text, a_context()).commands[0], CannotHandle)
    amid = understand(text, a_context(asked="gift_choice", flow="gift_finder"))
    assert slots_of(amid) == {}


def test_somebody_s_mother_is_no_curse() -> None:
    understood = understand("妈的生日送什么好", a_context())
    assert slots_of(understood)["recipient"] == "mother"


@pytest.mark.parametrize("text", ["Can you speak English?", "你会说英文吗", "你會說英文嗎？"])
def test_a_question_is_nobody_s_name(text: str) -> None:
    mappings = (
        SlotMapping("from_entity", entity="name"),
        SlotMapping("from_text", only_when_asked=True),
    )
    whose = Slot("whose", SlotType.TEXT, mappings=mappings)
    context = Context(
        locale=a_context().locale, today=a_context().today, slots={**SLOTS, "whose": whose},
        asked=Asked("whose", SlotType.TEXT), active_flow="remember_occasion",
    )  # fmt: skip
    assert slots_of(understand(text, context)) == {}
    assert slots_of(understand("Tom", context)) == {"whose": "Tom"}


@pytest.mark.parametrize(
    "text", ["不是我妈，是我岳母", "不是我妈 是我岳母", "不是我媽，是我岳母",
             "not my mum, my mother-in-law"],
)  # fmt: skip
def test_who_it_is_not_for_gives_way_to_who_it_is_for(text: str) -> None:
    understood = understand(text, a_context(asked="budget", flow="gift_finder"))
    assert slots_of(understood)["recipient"] == "mother_in_law"


@pytest.mark.parametrize("text", ["给我爸和我妈各挑一个礼物", "給我爸和我媽各挑一個禮物"])
def test_gifts_for_two_people_come_one_after_the_other(text: str) -> None:
    understood = understand(text, a_context())
    assert understood.commands[:2] == (
        ChitChat("utter_one_after_the_other"),
        StartFlow("gift_finder"),
    )
    assert slots_of(understood)["recipient"] == "father"


@pytest.mark.parametrize("asked", ["occasion", "budget"])
@pytest.mark.parametrize(
    "text", ["随便推荐个", "不知道 你看着办", "隨便推薦一個", "whatever", "no idea", "you choose"]
)
def test_who_does_not_mind_skips_the_question(asked: str, text: str) -> None:
    understood = understand(text, a_context(asked=asked, flow="gift_finder"))
    assert understood.commands == (SkipQuestion(),)


def test_the_twentieth_of_may_is_a_day_for_lovers_only_where_a_day_is_asked() -> None:
    day = understand("520", a_context(asked="occasion", flow="gift_finder"))
    assert slots_of(day) == {"occasion": "love_day"}
    amount = understand("520", a_context(asked="budget", flow="gift_finder"))
    assert slots_of(amount)["budget"]["max"] == "520"


@pytest.mark.parametrize("text", ["三百", "300"])
def test_an_amount_said_too_early_is_kept(text: str) -> None:
    understood = understand(text, a_context(asked="recipient", flow="gift_finder"))
    assert slots_of(understood)["budget"]["max"] == "300"
    assert slots_of(understand("3", a_context(asked="recipient", flow="gift_finder"))) == {}


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("付好了", "order_status"), ("我已经付了", "order_status"),
        ("i already paid", "order_status"), ("已經付款了", "order_status"),
        ("我付不了款", "order_status"), ("can't pay", "order_status"),
        ("退款多久会到", "order_status"), ("退款多久會到", "order_status"),
        ("when will my refund arrive", "order_status"), ("我要退款", "cancel_order"),
        ("有手表吗", "search"), ("有手錶嗎", "search"), ("蓝牙耳机 两百以内", "search"),
        ("藍牙耳機 兩百以內", "search"), ("ok what about a watch", "search"),
        ("stop", "stop_messages"), ("停止", "stop_messages"),
    ],
)  # fmt: skip
def test_a_wish_is_known_in_plain_words(text: str, flow: str) -> None:
    assert understand(text, a_context()).commands[0] == StartFlow(flow)


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("怎么退货", "utter_returning"), ("怎麼退貨", "utter_returning"),
        ("how do I return something", "utter_returning"),
        ("do you take paypal?", "utter_ways_to_pay"),
        ("等等，你们支持货到付款吗", "utter_ways_to_pay"), ("可以貨到付款嗎", "utter_ways_to_pay"),
        ("能开发票吗", "utter_shop_service"), ("可以開發票嗎", "utter_shop_service"),
        ("gift wrap?", "utter_shop_service"), ("可以包装吗", "utter_shop_service"),
    ],
)  # fmt: skip
def test_what_the_bot_does_not_know_is_said_to_be_so(text: str, response: str) -> None:
    for context in (a_context(), a_context(asked="gift_choice", flow="gift_finder")):
        assert understand(text, context).commands == (ChitChat(response),)


@pytest.mark.parametrize("text", ["hmm too expensive", "too expensive", "太贵了", "太貴了"])
def test_too_expensive_asks_for_cheaper_ones(text: str) -> None:
    understood = understand(text, a_context(asked="gift_choice", flow="gift_finder"))
    assert slots_of(understood) == {"gift_choice": "cheaper"}


@pytest.mark.parametrize("text", ["预算改成一百", "預算改成一百", "change my budget to 100"])
def test_a_changed_budget_is_a_budget(text: str) -> None:
    understood = understand(text, a_context(asked="gift_choice", flow="gift_finder"))
    assert slots_of(understood)["budget"]["max"] == "100"


@pytest.mark.parametrize("text", ["有手表吗", "有手錶嗎", "do you have any watches?"])
def test_asking_for_goods_amid_a_gift_is_no_hobby(text: str) -> None:
    understood = understand(text, a_context(asked="gift_choice", flow="gift_finder"))
    assert understood.commands[0] == StartFlow("search")


def test_stop_amid_a_question_only_calls_that_off() -> None:
    understood = understand("stop", a_context(asked="budget", flow="gift_finder"))
    assert understood.intent == "cancel"
    assert SetSlot("gift_choice", "more") not in understood.commands


def test_a_verb_is_no_dozen_and_a_yes_no_pair() -> None:
    asked = a_context(asked="confirm", flow="checkout")
    for text in ("发票要打统编", "發票要打統編", "打折吗", "对吗", "不对吧这个"):
        assert "quantity" not in slots_of(understand(text, asked)), text
    assert slots_of(understand("来一打", asked)) == {"quantity": 12}
    assert slots_of(understand("要两对", asked)) == {"quantity": 4}


@pytest.mark.parametrize(
    ("text", "seats"),
    [("要两个", 2), ("我要兩個", 2), ("make it two", 2), ("make it 3 please", 3), ("三件", 3)],
)
def test_a_number_said_where_an_address_is_asked_is_no_address(text: str, seats: int) -> None:
    understood = understand(text, a_context(asked="address", flow="checkout"))
    assert slots_of(understood) == {"quantity": seats}


@pytest.mark.parametrize("text", ["2座", "3单元", "3栋2单元501", "floor 3"])
def test_a_number_of_a_house_is_part_of_the_address(text: str) -> None:
    understood = understand(text, a_context(asked="address", flow="checkout"))
    assert slots_of(understood) == {"address": text}


@pytest.mark.parametrize("text", ["爸爸", "给我爸", "dad", "my mum", "阿嬤"])
def test_somebody_named_where_an_address_is_asked_begins_no_gift(text: str) -> None:
    understood = understand(text, a_context(asked="address", flow="checkout"))
    assert slots_of(understood) == {"address": text}
    assert understand(text, a_context()).commands[0] == StartFlow("gift_finder")


@pytest.mark.parametrize("text", ["scented candles", "blue mug", "茶", "香薰蜡烛"])
def test_a_thing_alone_is_looked_for(text: str) -> None:
    understood = understand(text, a_context())
    assert understood.commands[0] == StartFlow("search")
    assert slots_of(understood)["wanted"] == text


@pytest.mark.parametrize("text", ["three or four hundred", "三到四百", "300 or 400"])
def test_two_amounts_are_a_range(text: str) -> None:
    understood = understand(text, a_context(asked="budget", flow="gift_finder"))
    budget = slots_of(understood)["budget"]
    assert (budget["min"], budget["max"]) == ("300", "400")


@pytest.mark.parametrize("text", ["you're useless", "I just got dumped", "有点无聊", "你很爛"])
def test_a_bad_day_is_neither_thanked_for_nor_an_order(text: str) -> None:
    assert isinstance(understand(text, a_context()).commands[0], CannotHandle)


@pytest.mark.parametrize("text", ["/link HF7Y-THEN", "HF7Y-THEN", "绑定 HF7Y-THEN"])
def test_a_code_may_end_like_a_word_of_politeness(text: str) -> None:
    (code,) = understand(text, a_context()).entities
    assert (code.kind, code.fields) == ("link_code", {"value": "hf7y-then"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ABCD-EFGH-JKLM-NPQR", "abcd-efgh-jklm-npqr"),
        ("AB2D-EFGH-JKLM-THEN", "ab2d-efgh-jklm-then"),
        ("use code AB2D-EFGH-JKLM-WELL", "ab2d-efgh-jklm-well"),
        ("use code SPRING10 please", "spring10"),
    ],
)
def test_a_gift_cards_code_is_read_whole(text: str, code: str) -> None:
    said = voucher(read_message(text), a_context())
    assert said is not None
    (named,) = said[1]
    assert named.fields == {"value": code}


@pytest.mark.parametrize("text", ["4111-1111-1111-1111", "they have this here"])
def test_what_is_no_gift_cards_code_is_read_as_none(text: str) -> None:
    assert voucher(read_message(text), a_context()) is None
