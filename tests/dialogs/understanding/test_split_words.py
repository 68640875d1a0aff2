"""What begins an order that a group fills together, and how many of what somebody puts into it."""

import pytest

from dialogs.understanding.message import read_message
from dialogs.understanding.split_words import read_goods, starts_split


@pytest.mark.parametrize(
    "said",
    [
        "let's order lunch together", "Let's order together!", "order lunch together please",
        "一起点午饭", "我们一起点午饭吧", "一起点单", "拼单吧",
        "一起點午餐", "一起訂便當吧", "一起點餐",
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
