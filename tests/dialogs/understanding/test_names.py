"""Whose birthday it is when no relation says so."""

from datetime import date

import pytest

from data.kernel.locales import Locale
from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract

SETTING = Setting(date(2026, 11, 21), Locale.ZH_HANS)


def read(text: str, kind: str) -> list[str]:
    """The values of a kind, as the person wrote them."""
    found = [one for one in extract(fold(text), SETTING) if one.kind == kind]
    assert all(text[one.start : one.end] == one.text for one in found)
    return [one.fields["value"] for one in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("remind me of Tom's birthday on 3 May", "Tom"),
        ("Delete Tom's birthday", "Tom"),
        ("remember Xiao Li’s 30th birthday", "Xiao Li"),
        ("delete bob's birthday", "bob"),
        ("my friend Tom's birthday is 3 May", "Tom"),
        ("James' birthday is on 4 July", "James"),
        ("提醒我小李的生日，5月3号", "小李"),
        ("小李生日是5月3日，帮我记一下", "小李"),
        ("记一下朋友小王的生日", "小王"),
        ("幫我記住小陳的生日，5月3號", "小陳"),
        ("把张伟的生日删掉", "张伟"),
        ("提醒我欧阳小明的生日", "欧阳小明"),
        ("Tom的生日是12月5号，别忘了", "Tom"),
    ],
)
def test_a_name_before_a_birthday_is_read_as_it_was_written(text: str, name: str) -> None:
    assert read(text, "name") == [name]


@pytest.mark.parametrize(
    "text",
    [
        "my mum's birthday is 3 May",
        "whose birthday is next",
        "it's my boss's birthday",
        "list birthdays",
        "our anniversary",
        "today's birthday",
        "something for my mum's birthday, under 100",
        "加一个生日提醒",
        "我想记个生日",
        "最近谁要过生日",
        "给我妈挑个生日礼物，三百以内",
        "帮我记住结婚纪念日",
        "下个月生日的有谁",
        "所有的生日",
        "查看生日列表",
    ],
)
def test_a_sentence_is_no_name(text: str) -> None:
    assert read(text, "name") == []


@pytest.mark.parametrize("text", ["remember my birthday, 3 May", "my own birthday", "我生日5月3日",
                                  "我的生日是5月3日", "我自己的生日"])  # fmt: skip
def test_ones_own_birthday_is_known_as_such(text: str) -> None:
    assert read(text, "own") == ["self"] or read(text, "relation") == ["self"]
