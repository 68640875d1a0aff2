"""What begins an order that a group fills together, and how many of what somebody puts into it."""

import pytest

from dialogs.understanding.message import read_message
from dialogs.understanding.split_words import (
    SplitWish,
    adds_own,
    read_goods,
    read_list,
    read_minutes,
    starts_split,
    wish_about_split,
    wished_goods,
)


@pytest.mark.parametrize(
    "said",
    [
        "let's order lunch together", "Let's order together!", "order lunch together please",
        "一起点午饭", "我们一起点午饭吧", "一起点单", "拼单吧",
        "一起點午餐", "一起訂便當吧", "一起點餐", "大家一起点午饭", "中午一起点外卖吧", "拼个外卖",
        "大家下午一起点奶茶吧", "要不要一起点下午茶", "有人要一起訂飲料嗎", "大家一起訂便當",
    ],
)  # fmt: skip
def test_what_begins_one(said: str) -> None:
    assert starts_split(read_message(said))


@pytest.mark.parametrize(
    "said",
    [
        "let's have lunch together", "lunch", "I ordered lunch", "一起吃午饭", "午饭吃什么",
        "拼团", "group buy", "一起開團", "let's chip in for lunch",
    ],
)  # fmt: skip
def test_what_does_not(said: str) -> None:
    assert not starts_split(read_message(said))


@pytest.mark.parametrize(
    ("said", "count", "name"),
    [
        ("2 beef noodles", 2, "beef noodles"),
        ("3 x tea", 3, "tea"),
        ("2 cups of tea", 2, "tea"),
        ("tea x2", 2, "tea"),
        ("gift box 2", 2, "gift box"),
        ("two oolongs", 2, "oolongs"),
        ("two cups of tea", 2, "tea"),
        ("Two-stem moth orchid", 1, "Two-stem moth orchid"),
        ("I'd like 2 oolongs", 2, "oolongs"),
        ("can I have two oolongs please", 2, "oolongs please"),
        ("add three beef noodles", 3, "beef noodles"),
        ("beef noodles", 1, "beef noodles"),
        ("两碗牛肉面", 2, "牛肉面"),
        ("红茶×2", 2, "红茶"),
        ("红茶三杯", 3, "红茶"),
        ("兩份桂花烏龍", 2, "桂花烏龍"),
        ("桂花烏龍兩份", 2, "桂花烏龍"),
        ("半只鸡", 1, "半只鸡"),
        ("100 year egg", 1, "100 year egg"),
        ("0 teas", 1, "0 teas"),
        ("", 1, ""),
    ],
)
def test_how_many_of_what(said: str, count: int, name: str) -> None:
    assert read_goods(said) == (count, name)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (SplitWish.CLOSE, "that's all, close it"),
        (SplitWish.CLOSE, "OK, close the order!"),
        (SplitWish.CLOSE, "截止吧"),
        (SplitWish.CLOSE, "就这些，下单吧"),
        (SplitWish.CLOSE, "大家都點好了，收單吧"),
        (SplitWish.OFF, "call it off"),
        (SplitWish.OFF, "这单不点了"),
        (SplitWish.OFF, "這單取消"),
        (SplitWish.LEAVE, "I'm out"),
        (SplitWish.LEAVE, "sorry, I'm out"),
        (SplitWish.LEAVE, "我不要了"),
        (SplitWish.LEAVE, "算了我不吃了"),
        (SplitWish.LEAVE, "算了，我不吃了"),
        (SplitWish.LEAVE, "算了，我不訂了"),
    ],
)
def test_what_ends_one_or_a_part_of_it(wish: SplitWish, said: str) -> None:
    assert wish_about_split(read_message(said)) is wish


@pytest.mark.parametrize(
    "said",
    [
        "that's all", "ok", "就这些", "好了", "算了", "sorry", "close the window", "我不要辣",
        "我不要了那个红色的", "I'm out of milk", "call me", "cancel", "取消", "截止几点",
        "他不吃了", "order something for me", "close it tomorrow", "下单多少钱", "",
    ],
)  # fmt: skip
def test_what_is_said_among_friends_ends_nothing(said: str) -> None:
    assert wish_about_split(read_message(said)) is None


@pytest.mark.parametrize(
    ("said", "minutes"),
    [("45 minutes", 45), ("45min", 45), ("an hour", 60), ("2 hours", 120), ("两小时", 120),
     ("三十分钟", 30), ("45", None), ("minutes", None), ("45 minutes ago", None)],
)  # fmt: skip
def test_how_long_it_stays_open(said: str, minutes: int | None) -> None:
    assert read_minutes(said) == minutes


@pytest.mark.parametrize(
    ("said", "goods"),
    [
        ("两份乌龙一份菊花茶", [(2, "乌龙"), (1, "菊花茶")]),
        ("乌龙两份、菊花茶一份", [(2, "乌龙"), (1, "菊花茶")]),
        ("一份红茶和一份绿茶再来一杯咖啡", [(1, "红茶"), (1, "绿茶"), (1, "咖啡")]),
        ("兩份桂花烏龍跟一份菊花枸杞茶", [(2, "桂花烏龍"), (1, "菊花枸杞茶")]),
        ("a teapot and two oolongs", [(1, "teapot"), (2, "oolongs")]),
        ("2 oolongs, 3 teas and a gift box", [(2, "oolongs"), (3, "teas"), (1, "gift box")]),
        ("fish and chips", [(1, "fish and chips")]),
        ("Two-stem moth orchid", [(1, "Two-stem moth orchid")]),
        ("两份乌龙，不要糖", [(2, "乌龙，不要糖")]),
        ("两份乌龙", [(2, "乌龙")]),
    ],
)
def test_several_goods_at_once(said: str, goods: list[tuple[int, str]]) -> None:
    assert read_list(said) == goods


@pytest.mark.parametrize(
    ("said", "goods"),
    [
        ("two osmanthus oolongs for me", "two osmanthus oolongs"),
        ("Two Osmanthus Oolongs, please!", "Two Osmanthus Oolongs"),
        ("add a chrysanthemum tea for me please", "a chrysanthemum tea"),
        ("I'll have an oolong and 2 teapots", "an oolong and 2 teapots"),
        ("please put me down for 2 cups of tea", "2 cups of tea"),
        ("我要两份桂花乌龙", "两份桂花乌龙"),
        ("帮我加一份菊花茶，谢谢", "一份菊花茶"),
        ("给我来2碗牛肉面吧", "2碗牛肉面"),
        ("我要兩份桂花烏龍", "兩份桂花烏龍"),
        ("幫我點一份菊花茶，謝謝", "一份菊花茶"),
    ],
)
def test_what_is_to_be_put_in_is_heard_in_its_own_letters(said: str, goods: str) -> None:
    assert wished_goods(read_message(said)) == goods


@pytest.mark.parametrize(
    "said",
    [
        "two osmanthus oolongs", "for me", "add", "please", "I want tea", "add me", "we pay",
        "I want a gift for my mum", "I'd like a group buy for two teapots", "我要", "我要一份",
        "帮我加一下", "我要一个送妈妈的礼物", "给我妈挑个生日礼物", "两份桂花乌龙", "+1", "",
    ],
)  # fmt: skip
def test_what_names_no_goods_or_no_number_puts_nothing_in(said: str) -> None:
    assert wished_goods(read_message(said)) is None


@pytest.mark.parametrize("said", ["add mine", "点我的", "點我的", "我也点"])
def test_the_words_of_its_button(said: str) -> None:
    assert adds_own(read_message(said))
