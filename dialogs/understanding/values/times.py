"""The time of day that follows a date: 明天晚上八点 · tomorrow at 8pm."""

import re

from dialogs.understanding.values.numbers import read_whole
from dialogs.understanding.values.reading import Reading

_HAN = re.compile(
    r"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|晚|早)?\s?"
    r"(?P<hour>\d{1,2}|十[一二]?|[零一二三四五六七八九两])(?:点(?P<half>半)?(?P<minute>\d{1,2})?分?|:(?P<sharp>\d\d))"
)
_EN = re.compile(
    r"(?:at\s+)?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s?(?P<part>am|pm)(?![a-z])"
    r"|(?:at\s+)(?P<hour24>\d{1,2}):(?P<minute24>\d\d)"
)
_GAP = re.compile(r"[\s,,的]{0,3}(?:at\s)?")
_NOON = 12
_LATE = frozenset({"下午", "傍晚", "晚上", "晚", "中午", "pm"})
_EVENING = re.compile(r"晚|夜|tonight|evening|afternoon|night")


def read_times(reading: Reading) -> None:
    for value in [value for value in reading.values if value.kind == "date"]:
        gap = _GAP.match(reading.text, value.end)
        place = gap.end() if gap else value.end
        match = _HAN.match(reading.text, place) or _EN.match(reading.text, place)
        time = _time(match, reading.text[value.start : value.end]) if match else None
        if match and time:
            reading.drop(value)
            reading.take("date", value.start, match.end(), {**value.fields, "time": time})


def _time(match: re.Match[str], day: str) -> str | None:
    parts = match.groupdict()
    hour = read_whole(parts["hour"] or parts.get("hour24") or "")
    minute = (
        30
        if parts.get("half")
        else int(parts.get("minute") or parts.get("sharp") or parts.get("minute24") or 0)
    )
    late = parts["part"] in _LATE or (not parts["part"] and _EVENING.search(day))
    if hour is None:
        return None
    hour = hour + _NOON if late and 0 < hour < _NOON else hour
    if parts["part"] == "am" and hour == _NOON:
        hour = 0
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None  # noqa: PLR2004
