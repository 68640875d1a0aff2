"""The closed lists that begin a pooled gift, give to one and leave it, in all three languages."""

import pytest

from dialogs.understanding.message import read_message
from dialogs.understanding.pool_words import (
    Started,
    gives,
    leaves_pool,
    read_amount,
    starts_pool,
)


@pytest.mark.parametrize(
    ("said", "name", "is_plain"),
    [
        ("let's chip in for Ann's birthday present", "Ann", True),
        ("Chip in for Aunt May's gift!", "Aunt May", True),
        ("let's chip in for lunch", "lunch", False),
        ("let's chip in for a present", None, True),
        ("我们凑份子给小李买生日礼物吧", "小李", True),
        ("凑份子给小李", "小李", True),
        ("大家凑钱给王老师买礼物", "王老师", True),
        ("大家凑钱给王老师", "王老师", False),
        ("凑份子", None, True),
        ("我們湊份子給小李買生日禮物吧", "小李", True),
        ("我們合送小美生日禮物", "小美", True),
        ("湊份子", None, True),
        ("我们凑钱给Qi买个生日礼物", "Qi", True),
        ("大家一起凑钱送Qi一个礼物", "Qi", True),
        ("我們合資買禮物給Qi", "Qi", True),
        ("大家一起集資送小蘭生日禮物", "小蘭", True),
        ("let's all chip in and buy Qi a gift", "Qi", True),
        ("let's pool money for Wei's birthday", "Wei", True),
        ("let's chip in and buy lunch", "lunch", False),
    ],
)
def test_what_begins_one(said: str, name: str | None, is_plain: bool) -> None:
    assert starts_pool(read_message(said)) == Started(name, is_plain)


@pytest.mark.parametrize(
    ("said", "name", "is_plain", "gift"),
    [
        ("let's chip in for a teapot for Wei", "Wei", False, "teapot"),
        ("let's chip in for a present for Wei", "Wei", True, None),
        ("let's chip in and get Wei a teapot", "Wei", False, "teapot"),
        ("let's chip in to buy an umbrella", None, False, "umbrella"),
        ("let's chip in for mum for her birthday", "mum", True, None),
        ("我们凑份子给小李买个茶壶", "小李", True, "茶壶"),
        ("给小李凑份子", "小李", True, None),
        ("给小李凑钱买个生日礼物", "小李", True, None),
        ("给小李凑份子买个茶壶吧", "小李", True, "茶壶"),
        ("大家凑钱给阿偉买茶壶", "阿偉", False, "茶壶"),
        ("凑钱给小李买茶壶吧", "小李", False, "茶壶"),
        ("众筹给小李买个茶壶", "小李", False, "茶壶"),
        ("大家AA给小李买个茶壶", "小李", False, "茶壶"),
        ("我们几个想合送小李一把雨伞", "小李", True, "雨伞"),
        ("凑钱买个茶壶给小李", "小李", False, "茶壶"),
        ("大家凑钱买把雨伞", None, False, "雨伞"),
        ("合資買個茶壺給小美", "小美", False, "茶壺"),
        ("我們合資送小美一個茶壺", "小美", False, "茶壺"),
        ("大家凑钱送一个茶壶", None, False, "茶壶"),
        ("let's chip in and buy a book for a friend", "a friend", False, "book"),
        ("幫小美集資買茶壺", "小美", False, "茶壺"),
        ("給小美湊份子買茶壺好嗎", "小美", True, "茶壺"),
        ("let's get Mum a teapot together", "Mum", False, "teapot"),
        ("shall we buy a teapot for Mum together?", "Mum", False, "teapot"),
        ("let's buy Mum a teapot for her birthday together", "Mum", False, "teapot"),
        ("let's all get Ann a present", "Ann", False, None),
        ("let's club together for Ann's present", "Ann", True, None),
        ("我们一起给妈妈买个茶壶", "妈妈", False, "茶壶"),
        ("一起送小李一个茶壶", "小李", False, "茶壶"),
        ("给妈妈一起买个茶壶吧", "妈妈", False, "茶壶"),
        ("我们一起买个茶壶送给妈妈，怎么样", "妈妈", False, "茶壶"),
        ("大家一起给小李买生日礼物吧", "小李", False, None),
        ("我們一起送小美一把雨傘", "小美", False, "雨傘"),
        ("我們一起給媽媽買個茶壺好嗎", "媽媽", False, "茶壺"),
    ],
)
def test_what_names_the_present_too(
    said: str, name: str | None, is_plain: bool, gift: str | None
) -> None:
    assert starts_pool(read_message(said)) == Started(name, is_plain, gift)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("我出50", "50"),
        ("我出五十块", "50"),
        ("我湊一百元", "100"),
        ("I'm in for 10", "10"),
        ("I'll chip in $12.50", "12.50"),
        ("算我一份", None),
        ("count me in", None),
        ("我湊一份", None),
    ],
)
def test_what_gives(said: str, amount: str | None) -> None:
    assert gives(read_message(said)) == (amount,)


@pytest.mark.parametrize(
    "said",
    [
        "我出门了", "我出去买菜50块", "I'm in for a surprise", "who pays 50?", "50", "+1",
        "出租房50平", "let's go", "我们凑个热闹", "let's get us a teapot together",
        "let's get a teapot together", "let's get a teapot for the office together",
        "let's get lunch together", "一起给我买个茶壶", "我们一起给大家买个茶壶",
        "我们一起买个茶壶", "一起给老师打电话", "一起买个茶壶给我们", "一起拼个茶壶",
        "我們一起買個茶壺吧",
    ],
)  # fmt: skip
def test_what_people_say_among_themselves_gives_nothing_and_begins_nothing(said: str) -> None:
    message = read_message(said)
    assert gives(message) is None
    assert starts_pool(message) is None
    assert not leaves_pool(message)


@pytest.mark.parametrize("said", ["take my share out", "我不凑了", "我不湊了"])
def test_what_leaves(said: str) -> None:
    assert leaves_pool(read_message(said))


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ("50", "50"),
        ("¥50", "50"),
        ("五十块", "50"),
        ("12.5", "12.5"),
        ("a lot", None),
        ("-5", None),
    ],
)
def test_an_amount_is_its_figures(said: str, figures: str | None) -> None:
    assert read_amount(said) == figures


@pytest.mark.parametrize(
    "said", ["let's get Mum a teapot", "我们给妈妈买个茶壶", "我們給媽媽買個茶壺"]
)
def test_beside_what_each_gives_nothing_else_says_that_they_do_it_together(said: str) -> None:
    message = read_message(said)
    assert starts_pool(message) is None
    started = starts_pool(message, is_shared=True)
    assert started is not None
    assert started.name in ("Mum", "妈妈", "媽媽")


def test_the_occasion_belongs_neither_to_the_present_nor_to_the_name() -> None:
    said = starts_pool(read_message("shall we all pitch in for a teapot for Ann's birthday?"))
    assert said is not None
    assert (said.name, said.gift) == ("Ann", "teapot")
