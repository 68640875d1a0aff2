"""A number to call, among house numbers and postcodes: 90026 323-555-0199, 2栋301 13712345678."""

import re

# Groups of digits with one sign between them: 138-0013-8000, (212) 555-0187, +353 1 678 9101.
_RUN = re.compile(r"(?<![a-z0-9.+(])\+?\(?\d+\)?(?:[ .-]{1,2}\(?\d+\)?)*(?!\d|\.\d)")
_GROUP = re.compile(r"\+?\(?\d+\)?")
_FEWEST, _MOST = 7, 15  # digits; ITU-T E.164 allows fifteen
_FULL = 10  # digits of a number with its area, in most countries
_FULL_ABROAD = 12  # with the country before it
_SHORTEST_CODE = 3  # digits of a postcode, or of a house number that is no country's code
_MAINLAND_MOBILE = re.compile(r"1[3-9]\d{9}")


def telephone(text: str) -> tuple[int, int] | None:
    """Where the number stands that is likeliest to be called: the longest."""
    found = [place for run in _RUN.finditer(text) for place in _numbers(text, run)]
    return max(found, key=lambda place: _digits(text[slice(*place)]), default=None)


def _numbers(text: str, run: re.Match[str]) -> list[tuple[int, int]]:
    groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
    while len(groups) > 1 and _leads(text, groups):
        del groups[0]
    while len(groups) > 1 and _follows(text, groups):
        del groups[-1]
    start, end = groups[0][0], groups[-1][1]
    return [(start, end)] if _FEWEST <= _digits(text[start:end]) <= _MOST else []


def _leads(text: str, groups: list[tuple[int, int]]) -> bool:
    """The first group is a postcode or a house: what comes after it is a whole number."""
    (start, end), (second, _) = groups[:2]
    first, rest = text[start:end], text[second : groups[-1][1]]
    if first.startswith(("+", "(")) or text[end:second] != " " or _digits(rest) < _FULL:
        return False
    is_code = len(first) >= _SHORTEST_CODE and not first.startswith("0")
    return is_code or rest.startswith("0") or bool(_MAINLAND_MOBILE.match(rest))


def _follows(text: str, groups: list[tuple[int, int]]) -> bool:
    """The last group is a house: what comes before it is a whole number."""
    (_, end), (last, _) = groups[-2:]
    before = text[groups[0][0] : end]
    enough = _FULL_ABROAD if before.startswith(("+", "00")) else _FULL
    return text[end:last] == " " and _digits(before) >= enough


def _digits(text: str) -> int:
    return sum(letter.isdigit() for letter in text)
