"""Slips of the pen in the source are refused by name, before they reach a feed."""

from pathlib import Path

import pytest

from data.kernel.locales import Locale
from data.seeds import feed, source

GOOD = """
[category]
key = "tea"
name = { zh-Hans = "茶", zh-Hant = "茶", en = "Tea" }
brand = "团子茶房"
google = "Food"
backdrop = "#D9E5D3"

[[product]]
number = 1
id = "teapot"
motif = "teapot"
price = "168.00"
stock = 3
occasion = "birthday"
title = { zh-Hans = "茶壶", zh-Hant = "茶壺", en = "Teapot" }
text = { zh-Hans = "小", zh-Hant = "小", en = "Small" }
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop of one shelf, with the words and drawings of the real one."""
    for folder in ("words", "motifs"):
        (tmp_path / folder).symlink_to(source.HERE / folder)
    (tmp_path / "catalogue").mkdir()
    monkeypatch.setattr(source, "HERE", tmp_path)
    return tmp_path / "catalogue" / "tea.toml"


def test_one_product_becomes_one_row(shop: Path) -> None:
    shop.write_text(GOOD, "utf-8")
    [product] = source.products()
    assert product.title[Locale.ZH_HANT] == "茶壺"
    header, line = feed.tsv([product]).splitlines()
    cells = dict(zip(header.split("\t"), line.split("\t"), strict=True))
    assert (cells["id"], cells["item_group_id"], cells["price"]) == ("teapot", "", "168.00 CNY")
    assert cells["tags"] == "category:tea|occasion:birthday"


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('occasion = "birthday"', 'occasion = "birthdya"', "occasion:birthdya"),
        ('zh-Hant = "茶壺", en = "Teapot"', 'zh-Hant = "", en = "Teapot"', "zh-Hant"),
        ("stock = 3", 'stock = 3\ncolour = "blurple"', "blurple"),
        ("stock = 3", "stock = ", "tea.toml"),
    ],
)
def test_a_slip_is_named(shop: Path, right: str, wrong: str, complaint: str) -> None:
    shop.write_text(GOOD.replace(right, wrong), "utf-8")
    with pytest.raises(source.Slip, match=complaint):
        source.products()


def test_a_straight_quote_cannot_reach_the_tsv(shop: Path) -> None:
    shop.write_text(GOOD.replace('en = "Small"', "en = 'Say \"small\"'"), "utf-8")
    with pytest.raises(source.Slip, match="straight quote"):
        feed.tsv(source.products())
