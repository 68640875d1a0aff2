"""What is never shown where the words speak of a child."""

from datetime import date

import pytest

from data.kernel.locales import Locale
from dialogs.actions.ages import forbidden_in
from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract

_TODAY = Setting(date(2026, 11, 21), Locale.EN)


@pytest.mark.parametrize("words", ["wine for a 10 year old", "something for kids", "给五岁男孩的"])
def test_words_of_a_child_rule_out_alcohol(words: str) -> None:
    assert "contains:alcohol" in forbidden_in(extract(fold(words), _TODAY))


@pytest.mark.parametrize("words", ["wine", "wine for my dad", "给70岁爷爷的黄酒"])
def test_words_of_an_adult_rule_out_nothing(words: str) -> None:
    assert forbidden_in(extract(fold(words), _TODAY)) == ()


def test_what_a_child_has_outgrown_is_not_found_unless_the_child_is_the_one_who_asks() -> None:
    def too_small(words: str) -> list[str]:
        tags = forbidden_in(extract(fold(words), _TODAY))
        return [tag for tag in tags if tag.startswith("max_age:")]

    for words in ("a backpack for a 10 year old", "适合十岁孩子的背包", "適合十歲小孩的背包"):
        assert too_small(words) == [f"max_age:{years}" for years in range(10)]
    assert too_small("我十岁，想买个娃娃") == []
    assert too_small("a bag for my nephew") == []
