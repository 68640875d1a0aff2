"""Cuts a condition into tokens, each with its offset, so that a mistake has a column."""

import re
from dataclasses import dataclass

from dialogs.format.typed_signs import typed_sign

MAX_LENGTH = 500  # the longest condition one can still review

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<regex>/(?:[^/\\]|\\.)+/)
  | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
  | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
  | (?P<op><=|>=|!=|==|[=<>(){},])
  )""",
    re.VERBOSE,
)

# What other languages write, and what is written here.
_SIGNS = {
    "&&": "and", "||": "or", "===": "==", "=>": ">=", "=<": "<=", "<>": "!=", "!": "not",
    "&": "and", "|": "or",
}  # fmt: skip
_ODD = re.compile(r"\s*(?P<sign>&&|\|\||===|=>|=<|<>|!(?!=)|&|\|)")
_NUMBER = re.compile(r"[^\w\s'\"(){}]?(?P<number>\d+(?:\.\d+)?)\s*[^\W\d_]*")
_WORD = re.compile(r"\w+")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w.])")


class PredicateError(ValueError):
    """`code` names the sentence, `offset` the character, `near` what stood there, `wanted` what
    should."""

    def __init__(self, code: str, offset: int, near: str, wanted: str = "") -> None:
        super().__init__(f"{code} at {offset}: {near}")
        self.code = code
        self.offset = offset
        self.near = near
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    offset: int


def tokens_of(source: str) -> list[Token]:
    """All tokens and one of kind `end`."""
    if len(source) > MAX_LENGTH:
        raise PredicateError("predicate_too_long", 0, "")
    tokens: list[Token] = []
    at, end = 0, len(source.rstrip())
    while at < end:
        if odd := _ODD.match(source, at, end):
            sign = odd["sign"]
            raise PredicateError("predicate_sign", odd.start("sign"), sign, _SIGNS[sign])
        found = _TOKEN.match(source, at, end)
        if found is None:
            raise _unreadable(source, at, tokens)
        kind = found.lastgroup or ""
        in_groups = thousands(source, found.start(kind)) if kind == "number" else None
        if in_groups and ",0" in in_groups.near:  # {1,000} is no list of 1 and 0
            raise in_groups
        tokens.append(Token(kind, _plain(kind, found[kind]), found.start(kind)))
        at = found.end()
    return [*tokens, Token("end", "", end)]


def thousands(source: str, offset: int) -> PredicateError | None:
    """What to say of 1,000 where that can be no list."""
    number = _THOUSANDS.match(source, offset)
    if number is None:
        return None
    return PredicateError("predicate_thousands", offset, number[0], number[0].replace(",", ""))


def _unreadable(source: str, at: int, tokens: list[Token]) -> PredicateError:
    """Where no token begins: a sign of another keyboard, an amount with its unit, a bare word."""
    offset = at + len(source[at:]) - len(source[at:].lstrip())
    if sign := typed_sign(source[offset]):
        return PredicateError("wide_sign", offset, *sign)
    if number := _NUMBER.match(source, offset):
        return PredicateError("predicate_unit", offset, number[0].rstrip(), number["number"])
    word = _WORD.match(source, offset)
    if word and tokens and tokens[-1].kind == "number":
        number_at = tokens[-1].offset
        near = source[number_at : word.end()]
        return PredicateError("predicate_unit", number_at, near, tokens[-1].text)
    if word:
        return PredicateError("predicate_unquoted", offset, word[0])
    return PredicateError("predicate_syntax", offset, source[offset : offset + 10])


def _plain(kind: str, text: str) -> str:
    if kind == "string":
        return re.sub(rf"\\([\\{text[0]}])", r"\1", text[1:-1])
    if kind == "regex":
        return text[1:-1].replace("\\/", "/")
    return text
