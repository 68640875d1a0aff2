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


class PredicateError(ValueError):
    """`code` names the sentence, `offset` the character, `near` what stood there."""

    def __init__(self, code: str, offset: int, near: str) -> None:
        super().__init__(f"{code} at {offset}: {near}")
        self.code = code
        self.offset = offset
        self.near = near


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
        found = _TOKEN.match(source, at, end)
        if found is None:
            offset = at + len(source[at:]) - len(source[at:].lstrip())
            if sign := typed_sign(source[offset]):
                raise PredicateError("wide_sign", offset, sign[0])
            raise PredicateError("predicate_syntax", offset, source[offset : offset + 10])
        kind = found.lastgroup or ""
        tokens.append(Token(kind, _plain(kind, found[kind]), found.start(kind)))
        at = found.end()
    return [*tokens, Token("end", "", end)]


def _plain(kind: str, text: str) -> str:
    if kind == "string":
        return re.sub(rf"\\([\\{text[0]}])", r"\1", text[1:-1])
    if kind == "regex":
        return text[1:-1].replace("\\/", "/")
    return text
