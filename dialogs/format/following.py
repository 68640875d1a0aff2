"""Where a character of a text stands in the file: behind a quote, an escape, on a further line."""

import re

_BLOCK = re.compile(r"[|>][^\r\n]*[\r\n]+")


def followed(raw: str, at: int, value: str, offset: int) -> int | None:
    """The index in `raw`, in which `value` begins at `at`; None where the two part.

    White space on either side counts as one: lines are folded, and set in."""
    quote = raw[at : at + 1] if raw[at : at + 1] in ("'", '"') else ""
    block = _BLOCK.match(raw, at)
    at = block.end() if block else at + len(quote)
    for sign in value[:offset]:
        at = _next(raw, at, quote)
        if sign.isspace():
            continue
        if raw[at : at + 1] != sign:
            return None
        at += 1
    return _next(raw, at, quote) if offset < len(value) else at


def _next(raw: str, at: int, quote: str) -> int:
    """The next character that says something."""
    while raw[at : at + 1].isspace():
        at += 1
    is_escape = raw[at : at + 2] == "''" if quote == "'" else raw[at : at + 1] == "\\"
    return at + 1 if quote and is_escape else at
