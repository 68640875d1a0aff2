"""Our own arithmetic against other people's: numbers, letters, and every lunar day."""

from datetime import date, timedelta
from decimal import Decimal

import cn2an
import lunardate
import pytest

from data.kernel.locales import Locale
from dialogs.understanding.folding import fold, letters
from dialogs.understanding.scripts import letter_table
from dialogs.understanding.values.calendar import (
    lunar,
    next_festival,
    next_lunar,
    next_solar,
)
from dialogs.understanding.values.numbers import read_number


def test_chinese_numbers_are_read_as_cn2an_writes_them() -> None:
    for number in [*range(1, 3000), 10_000, 10_500, 12_345, 100_001, 1_002_003, 20_000_000]:
        span = read_number(cn2an.an2cn(str(number)))
        assert span is not None
        assert (span.low, span.high) == (number, number), cn2an.an2cn(str(number))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("一千五", 1500, 1500), ("两三百", 200, 300), ("十五六", 15, 16), ("三万二", 32000, 32000),
     ("一百零五", 105, 105), ("二〇二六", 2026, 2026), ("1.5万", 15000, 15000), ("2k", 2000, 2000),
     ("七八千", 7000, 8000), ("a hundred and fifty", 150, 150), ("two thousand", 2000, 2000),
     ("1,500", 1500, 1500), ("三五百", 300, 500), ("廿五", 25, 25)],
)  # fmt: skip
def test_spoken_numbers(text: str, low: int, high: int) -> None:
    span = read_number(text)
    assert span is not None
    assert (span.low, span.high) == (Decimal(low), Decimal(high))


# New moons within minutes of midnight, where tables differ. Ours are China's own (in 1978 the
# mainland kept Mid-Autumn on 17 September, Hong Kong with the older tables on the 16th).
_DISPUTED = {date(1933, 7, 22), date(1954, 11, 26), date(1978, 9, 2), date(2057, 9, 28)}


def test_every_lunar_month_begins_where_lunardate_begins_it() -> None:
    """All months of 1901 to 2099, so every day between; lunardate is written from other tables."""
    day = date(1901, 2, 19)  # a lunar new year
    while day < date(2099, 12, 1):
        other = lunardate.LunarDate.from_solar_date(day.year, day.month, day.day)
        if other.day == 1 and day not in _DISPUTED:
            assert lunar(other.year, other.month, 1, leap=other.is_leap_month) == day, other
        # Months have 29 or 30 days: jump, then look for the first day by day.
        day += timedelta(days=29 if other.day == 1 else 1)


def test_a_leap_month_that_the_year_lacks_is_the_ordinary_month() -> None:
    assert lunar(2026, 6, 2, leap=True) == lunar(2026, 6, 2)
    assert lunar(2025, 6, 2, leap=True) != lunar(2025, 6, 2)


def test_day_thirty_of_a_short_month_is_its_last() -> None:
    short = next(m for m in range(1, 13) if lunar(2026, m, 30) == lunar(2026, m, 29))
    assert lunar(2026, short, 30) is not None


def test_the_next_occurrence_includes_today() -> None:
    today = date(2026, 11, 21)
    assert next_solar(11, 21, today) == today
    assert next_solar(11, 20, today) == date(2027, 11, 20)
    assert next_solar(2, 29, today) == date(2027, 2, 28)
    assert next_lunar(1, 1, today) == date(2027, 2, 6)


@pytest.mark.parametrize(
    ("name", "day"),
    [("easter", "2027-03-28"), ("qingming", "2027-04-05"), ("winter_solstice", "2026-12-22"),
     ("mothers_day", "2027-05-09"), ("thanksgiving", "2026-11-26"), ("black_friday", "2026-11-27"),
     ("lunar_new_years_eve", "2027-02-05"), ("mid_autumn", "2027-09-15"),
     ("fathers_day", "2027-06-20")],
)  # fmt: skip
def test_festivals_fall_on_their_days(name: str, day: str) -> None:
    found = next_festival(name, date(2026, 11, 21), Locale.EN)
    assert found == date.fromisoformat(day)


def test_taiwan_keeps_fathers_day_in_august() -> None:
    found = next_festival("fathers_day", date(2026, 11, 21), Locale.ZH_HANT)
    assert found == date(2027, 8, 8)


def test_the_letter_table_is_what_opencc_says() -> None:
    derived = letter_table()
    pairs = zip(derived["traditional"], derived["simplified"], strict=True)
    assert {ord(letter): simple for letter, simple in pairs} == letters().simpler


def test_folding_keeps_the_way_back() -> None:
    text = "ﬁne ½ ＡＢ 禮物\u200b İ"
    folded = fold(text)
    assert folded.text.startswith("fine 1⁄2 ab 礼物")
    start = folded.text.index("礼物")
    assert text[slice(*folded.span(start, start + 2))] == "禮物"
