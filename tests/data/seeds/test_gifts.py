"""Whoever asks the demo shop for an ordinary gift has a choice."""

import pytest

from data.seeds.source import words
from tests.data.seeds.shop import by_kind, fitting, gifts

RECIPIENTS = words("tags")["recipient"].split()
# People and occasions that demos and tests ask for first; each within 50 to 300 yuan.
COMMON = [
    ("mother", "birthday"), ("mother", "mothers_day"), ("father", "birthday"),
    ("father", "fathers_day"), ("wife", "anniversary"), ("husband", "anniversary"),
    ("girlfriend", "valentine"), ("boyfriend", "valentine"), ("girlfriend", "qixi"),
    ("friend", "birthday"), ("friend", "housewarming"), ("friend", "thanks"),
    ("colleague", "farewell"), ("colleague", "thanks"), ("teacher", "teachers_day"),
    ("brother", "birthday"), ("sister", "birthday"), ("brother", "graduation"),
    ("sister", "graduation"), ("grandmother", "birthday"), ("grandfather", "birthday"),
    ("grandmother", "spring_festival"), ("boss", "thanks"), ("couple", "wedding"),
    ("couple", "housewarming"), ("child", "birthday"), ("teen", "birthday"),
    ("mother_in_law", "birthday"), ("father_in_law", "spring_festival"), ("baby", "new_baby"),
]  # fmt: skip


def test_a_mothers_birthday_under_300_has_twelve_gifts_from_six_shelves() -> None:
    found = fitting("recipient:mother", "occasion:birthday", at_most=300)
    assert len(found) >= 12
    assert len({gift.category for gift in found}) >= 6


def test_a_climbing_brother_has_four_gifts_under_350() -> None:
    assert len(fitting("recipient:brother", "interest:climbing", at_most=350)) >= 4


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_everybody_has_eight_gifts_under_300(recipient: str) -> None:
    assert len(fitting(f"recipient:{recipient}", at_most=300)) >= 8


@pytest.mark.parametrize(("recipient", "occasion"), COMMON)
def test_a_common_wish_has_six_gifts_between_50_and_300(recipient: str, occasion: str) -> None:
    found = fitting(f"recipient:{recipient}", f"occasion:{occasion}", at_most=300)
    assert len([gift for gift in found if gift.price >= 50]) >= 6


def test_every_occasion_and_every_interest_has_something() -> None:
    for kind, least in {"occasion": 4, "interest": 1, "age": 8, "season": 8}.items():
        found = by_kind(kind)
        for value in words("tags")[kind].split():
            assert len(found[f"{kind}:{value}"]) >= least, value


def test_who_avoids_something_still_has_a_choice() -> None:
    for tag in by_kind("contains"):
        left = [g for g in fitting("occasion:birthday", at_most=300) if tag not in g.tags]
        assert len(left) >= 12, tag


def test_what_contains_alcohol_is_for_adults_only() -> None:
    drinks = [gift for gift in gifts().values() if "category:sweets" in gift.tags]
    for gift in drinks:
        assert ("contains:alcohol" in gift.tags) == ("min_age:18" in gift.tags)
        assert not ("contains:alcohol" in gift.tags and "recipient:teen" in gift.tags)


def test_what_a_text_says_it_contains_is_tagged() -> None:
    """An allergy is served by the tag, so the tag may not lag behind the words."""
    said = {
        "含坚果": "contains:nuts", "含榛子": "contains:nuts", "花生": "contains:peanuts",
        "含奶": "contains:dairy", "酒精度": "contains:alcohol", "羊毛": "contains:wool",
        "小麦": "contains:gluten", "蛋黄": "contains:egg",
    }  # fmt: skip
    for product, gift in gifts().items():
        row = gift.rows[0]
        text = row["title"] + row["description"] + row["material"]
        for words_said, tag in said.items():
            if words_said in text and f"不{words_said}" not in text:
                assert tag in gift.tags, (product, words_said)


def test_prices_are_dense_where_people_shop() -> None:
    prices = [gift.price for gift in gifts().values()]
    assert sum(1 for price in prices if 50 <= price <= 300) >= 80
    assert min(prices) < 50
    assert max(prices) > 1000
    assert any(row["quantity"] == "0" for gift in gifts().values() for row in gift.rows)
    assert any(row["sale_price"] for gift in gifts().values() for row in gift.rows)
