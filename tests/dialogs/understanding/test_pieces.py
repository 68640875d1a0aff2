"""How many pieces somebody wants of what they name; people and titles count none."""

import pytest

from dialogs.understanding.pieces import read_pieces


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ("two teapots", (2, "teapots")),
        ("for two teapots", (2, "teapots")),
        ("3 boxes of mooncakes", (3, "mooncakes")),
        ("拼两个茶壶", (2, "茶壶")),
        ("三盒月饼", (3, "月饼")),
        ("两把雨伞", (2, "雨伞")),
        ("2个teapot", (2, "teapot")),
        ("一个茶壶", (1, "茶壶")),
        ("兩盒月餅", (2, "月餅")),
    ],
)
def test_a_number_before_goods_counts_pieces(said: str, pieces: tuple[int, str]) -> None:
    assert read_pieces(said) == pieces


@pytest.mark.parametrize(
    "said",
    [
        "teapot", "teapot for three", "two people", "2 person umbrella", "two of us",
        "two-stem vase", "三人拼茶壶", "拼两个人的茶壶", "2人雨伞", "五人团月饼",
        "500克茶叶", "120个茶壶", "0个茶壶", "拼茶壶",
    ],
)  # fmt: skip
def test_what_counts_something_else_is_left_as_it_is(said: str) -> None:
    assert read_pieces(said) == (1, said)
