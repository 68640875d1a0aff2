"""Sentences with gaps: what fills them, and who is called by a name."""

import pytest

from data.kernel.locales import Locale
from dialogs.responses import fill


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("{name}，名额还留着。", "小兰", "小兰，名额还留着。"),
        ("{name}，名额还留着。", "", "名额还留着。"),
        ("{name}, your seat is held.", "Lan", "Lan, your seat is held."),
        ("{name}, your seat is held.", "", "Your seat is held."),
        ("{name}：{title}", "", "茶壶"),
        ("{name}开团啦", "", "开团啦"),
        ("Discount{name}: 3", "", "Discount: 3"),
        ("谢谢{name}，收到了。", "", "谢谢，收到了。"),
    ],
)
def test_who_gave_no_name_is_not_called_by_it(text: str, name: str, said: str) -> None:
    assert fill(text, {"name": name, "title": "茶壶"}, Locale.EN) == said


def test_a_gap_that_nobody_fills_stays_as_it_is_written() -> None:
    assert fill("{name}, {other}", {"title": "x"}, Locale.EN) == "{name}, {other}"
