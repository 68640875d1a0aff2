"""Why a file is not YAML, in our own codes: what the parser met, seen as a typing mistake.

The parser stops where it can go no further; the mistake often stands on the line before.
"""

import re
from collections.abc import Callable

from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError

from dialogs.format.problems import Position, Problem
from dialogs.format.typed_signs import WIDE_COLON, WIDE_COMMAS, WIDE_SPACES

_NEAR = 40  # characters of a line that a message quotes
CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEY = re.compile(r"\s*(?:- +)*[\w.-]+\s*")
_KEY_AND_VALUE = re.compile(r"\s*(?:- +)*[\w.-]+:(?:\s|$)")
_NO_SPACE = re.compile(r"\s*(?:- +)*[\w-]+:(?=\S)")
_NO_COLON = re.compile(r"\s*(?:- +)*([\w-]+)(?= +[\[{])")
_WIDE = re.compile(rf"\s*(?:- +)*[\w-]+\s*(?={WIDE_COLON})")
_BRACKETS = {"[": "]", "{": "}"}


def explain(file: str, text: str, error: YAMLError) -> Problem:
    """The typing mistake behind a refusal of the parser."""
    return _Refusal(file, text, error).problem()


class _Refusal:
    def __init__(self, file: str, text: str, error: YAMLError) -> None:
        self._file = file
        self._text = text
        self._lines = [*re.split(r"\r\n|\r|\n", text), ""]
        marked = error if isinstance(error, MarkedYAMLError) else None
        self._what = str(marked.problem) if marked else ""
        self._context = str(marked.context) if marked else ""
        self._start: StringMark | None = marked.context_mark if marked else None
        self._mark: StringMark | None = marked.problem_mark if marked else None

    def problem(self) -> Problem:
        if self._mark is None:
            return self._unreadable_sign()
        row, column = self._mark.line, self._mark.column
        for part, tell in _TELLERS:
            if part in self._what or part in self._context:
                return tell(self, row, column)
        return self._at("yaml_syntax", row, column)

    def _at(self, code: str, row: int, column: int, **values: str) -> Problem:
        line = self._lines[min(row, len(self._lines) - 1)]
        near = values.pop("near", line.strip()[:_NEAR])
        return Problem(code, Position(self._file, row + 1, column + 1), {"near": near, **values})

    def _rest(self, row: int, column: int) -> str:
        return self._lines[row][column : column + _NEAR].rstrip()

    def _unreadable_sign(self) -> Problem:
        found = CONTROL.search(self._text)
        if found is None:
            return self._at("yaml_syntax", 0, 0)
        before = re.split(r"\r\n|\r|\n", self._text[: found.start()])
        near = f"U+{ord(found[0]):04X}"
        return self._at("yaml_control", len(before) - 1, len(before[-1]), near=near)

    def tab_or_sign(self, row: int, column: int) -> Problem:
        if self._rest(row, column).startswith("\t") or "'\\t'" in self._what:
            return self._at("yaml_tab", row, column)
        return self.sign(row, column)

    def sign(self, row: int, column: int) -> Problem:
        start = self._start or self._mark
        assert start is not None  # noqa: S101  # `problem` has looked
        near = self._rest(start.line, start.column)
        return self._at("yaml_sign", start.line, start.column, near=near, name=near[:1])

    def quote_open(self, row: int, column: int) -> Problem:
        start = self._start
        if start is None:
            return self._at("yaml_syntax", row, column)
        near = self._rest(start.line, start.column)
        return self._at("yaml_quote_open", start.line, start.column, near=near, name=near[:1])

    def escape(self, row: int, column: int) -> Problem:
        return self._at("yaml_escape", row, column - 1, near=self._rest(row, column - 1)[:2])

    def dash(self, row: int, column: int) -> Problem:
        return self._at("yaml_dash", row, column)

    def bracket(self, row: int, column: int) -> Problem:
        """Inside `[…]` or `{…}`: it is never closed, or a comma is not where it should be."""
        start = self._start
        if start is None:
            return self._at("yaml_syntax", row, column)
        between = self._lines[start.line][start.column : column + 1 if row == start.line else None]
        wide = re.search(f"[{WIDE_COMMAS}]", between)
        if wide and row == start.line:
            return self._wide_sign(start.line, start.column + wide.start())
        if self._is_never_closed(row, column, start):
            return self._open_bracket(start.line, start.column)
        near = between[: column - start.column] if row == start.line else between
        return self._at("yaml_comma", row, column, near=near.strip()[-_NEAR:])

    def _is_never_closed(self, row: int, column: int, start: StringMark) -> bool:
        if "stream end" in self._what or any(f"got '{c}'" in self._what for c in "]}"):
            return True
        return row > start.line and bool(_KEY.fullmatch(self._lines[row][:column]))

    def _open_bracket(self, row: int, column: int) -> Problem:
        sign = self._lines[row][column]
        wanted = _BRACKETS.get(sign, "]")
        near = self._rest(row, column)
        return self._at("yaml_bracket_open", row, column, near=near, name=sign, wanted=wanted)

    def comma(self, row: int, column: int) -> Problem:
        """A comma too many, or the file ends behind one or behind the bracket itself."""
        if "stream end" in self._what:
            for above in range(min(row, len(self._lines) - 1), -1, -1):
                line = self._lines[above]
                if line.count("[") + line.count("{") > line.count("]") + line.count("}"):
                    return self._open_bracket(above, max(line.rfind("["), line.rfind("{")))
        return self._at("yaml_comma", row, column)

    def lonely(self, row: int, column: int) -> Problem:
        sign = self._rest(row, column)[:1]
        if sign not in ("]", "}"):
            return self._at("yaml_syntax", row, column)
        return self._at("yaml_bracket_lonely", row, column, name=sign)

    def block(self, row: int, column: int) -> Problem:
        """A line that belongs to nothing above it, or text after a closing quote."""
        before = self._lines[row][:column]
        if not before.strip(" -"):
            return self._indent(row)
        if found := _NO_COLON.match(before):
            return self._at("yaml_colon", row, found.end(), name=found[1])
        quotes = [sign for sign in "\"'" if before.rstrip().endswith(sign)]
        marks = [sign for sign in "\"'" if before.count(sign) % 2]
        for sign in marks:
            if (above := self._odd_line_above(row, sign)) is not None:
                column = self._lines[above].rindex(sign)
                near = self._rest(above, column)
                return self._at("yaml_quote_open", above, column, near=near, name=sign)
        if quotes:
            return self._at("yaml_quote_inside", row, column, name=quotes[0])
        return self._at("yaml_syntax", row, column)

    def _odd_line_above(self, row: int, sign: str) -> int | None:
        odd = (at for at in range(row - 1, -1, -1) if self._lines[at].count(sign) % 2)
        return next(odd, None)

    def _indent(self, row: int) -> Problem:
        """What is compared with: the line above, and for an entry of a list the entry above."""
        line = self._lines[row]
        spaces = _spaces(line)
        above = self._row_above(row)
        if _is_entry(line):
            above = self._row_above(row, "- ") or above
        over = "" if above is None else self._lines[above]
        wanted = _spaces(over) + (2 if _is_entry(over) and not _is_entry(line) else 0)
        values = {"name": str(spaces), "other": str((above or 0) + 1), "wanted": str(wanted)}
        return self._at("yaml_indent", row, spaces, **values)

    def indent(self, row: int, column: int) -> Problem:
        return self._indent(row)

    def _row_above(self, row: int, begins: str = "") -> int | None:
        """The nearest line above that says something, and begins so."""
        for above in range(row - 1, -1, -1):
            line = self._lines[above].strip()
            if line and not line.startswith("#") and line.startswith(begins):
                return above
        return None

    def colon(self, row: int, column: int) -> Problem:
        """A colon where none is expected: here, or because the line above lacks its own."""
        if not _KEY.fullmatch(self._lines[row][:column]):
            colon = self._lines[row][:column]
            return self._at("yaml_colon_inside", row, column, name=colon.split(":")[0].strip("- "))
        above = self._row_above(row)
        if (wide := self._wide_space(row, above)) is not None:
            return wide
        if above is None:
            return self._at("yaml_syntax", row, column)
        return self._without_colon(above) or self._indent(row)

    def _without_colon(self, row: int) -> Problem | None:
        line = self._lines[row]
        if wide := _WIDE.match(line):
            return self._wide_sign(row, wide.end())
        if near := _NO_SPACE.match(line):
            name = near[0].strip("- :")
            return self._at("yaml_colon_space", row, near.end(), name=name)
        if _KEY_AND_VALUE.match(line):
            return None
        column = _spaces(line) + (2 if _is_entry(line) else 0)
        name = line[column:].split(" ")[0]
        return self._at("yaml_colon", row, column + len(name), name=name)

    def key(self, row: int, column: int) -> Problem:
        """A line that should be `key: value` and has no colon."""
        start = self._start or self._mark
        assert start is not None  # noqa: S101  # `problem` has looked
        return self._without_colon(start.line) or self._at("yaml_syntax", start.line, start.column)

    def _wide_sign(self, row: int, column: int) -> Problem:
        sign = self._lines[row][column]
        wanted = ":" if sign == WIDE_COLON else ","
        line = self._lines[row].strip()[:_NEAR]
        return self._at("wide_sign", row, column, name=line, near=sign, wanted=wanted)

    def _wide_space(self, row: int, above: int | None) -> Problem | None:
        for each in (above, row):
            if each is not None:
                line = self._lines[each]
                lead = line[: len(line) - len(line.lstrip())]
                wide = next((at for at, sign in enumerate(lead) if sign in WIDE_SPACES), None)
                if wide is not None:
                    return self._at("yaml_space", each, wide)
        return None


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_entry(line: str) -> bool:
    return line.lstrip().startswith("- ")


# What the parser says, and who makes sense of it; the first that fits.
_TELLERS: tuple[tuple[str, Callable[[_Refusal, int, int], Problem]], ...] = (
    ("that cannot start any token", _Refusal.tab_or_sign),
    ("unknown escape character", _Refusal.escape),
    ("while scanning a quoted scalar", _Refusal.quote_open),
    ("while scanning an alias", _Refusal.sign),
    ("while scanning an anchor", _Refusal.sign),
    ("while scanning a block scalar", _Refusal.sign),
    ("while parsing a flow sequence", _Refusal.bracket),
    ("while parsing a flow mapping", _Refusal.bracket),
    ("while parsing a flow node", _Refusal.comma),
    ("expected the node content", _Refusal.lonely),
    ("expected <block end>", _Refusal.block),
    ("<document start>", _Refusal.indent),
    ("mapping values are not allowed", _Refusal.colon),
    ("could not find expected ':'", _Refusal.key),
    ("sequence entries are not allowed", _Refusal.dash),
)
