"""Whatever people send: never a crash, never a wait, values that never overlap."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.kernel.locales import Locale
from dialogs.understanding import understand, warm_up
from dialogs.understanding.folding import fold
from dialogs.understanding.values import Setting, extract
from tests.dialogs.understanding.shop import IDEAS, SLOTS, a_context

_WORDS = st.sampled_from(
    ["妈妈", "三百", "以内", "不要", "农历", "八月十五", "12.25", "next friday", "$", "50", "no",
     ",", "。", "第二个", "/", "(", "=", "岁", "two", "dozen", "下周", "月底", "初", "闰", "元",
     "between", "and", "under", "除了", "过敏", "+", "1.", "😀", "\u200b", "１", "\n", "tomorrow"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(max_size=300), st.lists(_WORDS, max_size=25).map("".join),
    st.lists(_WORDS, max_size=25).map(" ".join),
)  # fmt: skip
_SLOWEST = 1.0  # seconds of CPU: a tenth is usual; what this catches is growth out of bounds


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    warm_up()


@settings(max_examples=300, deadline=None)
@given(
    text=_TEXTS,
    asked=st.sampled_from([None, *sorted(SLOTS)]),
    locale=st.sampled_from(list(Locale)),
    team_open=st.booleans(),
)
def test_any_text_is_answered(
    text: str, asked: str | None, locale: Locale, team_open: bool
) -> None:
    flow = "gift_finder" if asked else None
    context = a_context(asked=asked, flow=flow, offered=IDEAS, locale=locale, team_open=team_open)
    understood = understand(text, context)
    understood.to_json()
    assert understood.commands or understood.intent


@settings(max_examples=300, deadline=None)
@given(text=_TEXTS, today=st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_values_stand_where_they_say_and_never_overlap(text: str, today: date) -> None:
    end = 0
    for entity in extract(fold(text), Setting(today, Locale.ZH_HANS, "CNY")):
        assert text[entity.start : entity.end] == entity.text != ""
        assert entity.start >= end
        end = entity.end
        if "date" in entity.fields:
            date.fromisoformat(entity.fields["date"])


@pytest.mark.parametrize(
    "text",
    ["给我妈挑个生日礼物，三百以内。" * 600, "a gift for my mum under 50 " * 400, "1" * 10_000,
     "一二三四五" * 2000, "😀" * 10_000, " " * 10_000, "不要，" * 3400, "no " * 3400,
     "1/2-3." * 1700, "a week from " * 850, "one hundred " * 850, "\n" * 10_000,
     "$" * 10_000, "(((((" * 2000],
)  # fmt: skip
def test_ten_thousand_letters_are_read_at_once(text: str) -> None:
    def read() -> float:
        start = time.process_time()
        understand(text, a_context(asked="recipient", flow="gift_finder", offered=IDEAS))
        return time.process_time() - start

    # The best of three: the machine may be busy, the rules may not be slow.
    assert min(read() for _ in range(3)) < _SLOWEST
