"""What was meant where a name or a length of time cannot be one, so that the hint can say it: a
sentence in place of its name, a word with spaces, `30m`."""

import re
from collections.abc import Mapping

from dialogs.format.flow import Path
from dialogs.format.typed_signs import typed_sign

Told = tuple[str, Mapping[str, str]]
_DURATION = "^P(?=.)"  # how the schema's pattern of lengths of time begins
_UTTER = "^utter_"
_LENGTH = re.compile(
    r"(?:PT)?(\d+)\s*(?:(s|sec|seconds?|秒|秒鐘|秒钟)|(m|min|mins|minutes?|分|分钟|分鐘)|"
    r"(h|hrs?|hours?|小时|小時|时|時)|(d|days?|天|日)|(w|weeks?|周|週|星期))",
    re.IGNORECASE,
)
_WRITTEN = ("PT{}S", "PT{}M", "PT{}H", "P{}D", "P{}W")


def is_duration(pattern: str) -> bool:
    return pattern.startswith(_DURATION)


def duration_problem(given: object) -> Told:
    """A number alone is taken for minutes."""
    text = str(given).strip()
    if re.fullmatch(r"\d{1,6}", text) and not isinstance(given, bool):
        return "duration_unit", {"name": text, "wanted": f"PT{text}M", "other": f"PT{text}S"}
    if found := _LENGTH.fullmatch(text):
        unit = next(index for index, one in enumerate(found.groups()[1:]) if one)
        return "duration_near", {"name": text, "wanted": _WRITTEN[unit].format(found[1])}
    return "bad_duration", {"name": text[:40]}


def name_problem(name: str, pattern: str, path: Path) -> Told:
    """`pattern` is what it would have to match, `path` where it stands."""
    if is_duration(pattern):
        return duration_problem(name)
    if sign := typed_sign(name):
        return "wide_sign", {"name": name, "near": sign[0], "wanted": sign[1]}
    if path[-1] in ("action", "utter") and _is_sentence(name):
        return "sentence_for_name", {"name": name[:40], "wanted": str(path[-1])}
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:40] if name.isascii() else ""
    if pattern.startswith(_UTTER):
        plain = plain.removeprefix("utter_")
        return "utter_name", {"name": name[:80], "wanted": f"utter_{plain or 'hello'}"}
    if plain and not re.search(pattern, plain):
        plain = f"n_{plain}"  # a digit cannot be first
    return "bad_name", {"name": name[:80], "wanted": plain or "gift_1"}


def _is_sentence(name: str) -> bool:
    is_long = " " in name.strip() or not name.isascii()
    return is_long and re.match(r"(?:utter|action)[ _]", name) is None
