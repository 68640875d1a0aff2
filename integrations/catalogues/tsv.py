"""Rows of a tab-separated feed, each cell under its column's name.

A quoted cell may hold tabs and line breaks, but a stray quote must not swallow the rows after it:
what does not close cleanly is taken as written.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from data.catalogue.rows import RowError
from data.kernel.errors import Invalid
from integrations.catalogues.limits import Limits

_LONGEST_RECORD = 30  # lines that one quoted cell may spread over

Cells = Mapping[str, str]


def tsv_rows(text: str, limits: Limits) -> Iterator[tuple[int, Cells | RowError]]:
    """(line number, cells); a row with more cells than columns comes as its error."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    header = _header(lines[0], limits)
    index, count = 1, 0
    while index < len(lines):
        number = index + 1
        cells, used = _record(lines, index, len(header))
        index += used
        if not any(cells):
            continue
        count += 1
        limits.check_rows(count)
        yield number, _named(number, header, cells)


def column(name: str) -> str:
    """`g:Image Link` and `image_link` are one column."""
    return name.strip().strip('"').lower().removeprefix("g:").strip().replace(" ", "_")


def _header(line: str, limits: Limits) -> list[str]:
    names = [column(name) for name in line.split("\t")]
    if len(names) > limits.columns or not {"id", "title"} <= set(names):
        raise Invalid("feed_columns")
    return names


def _named(number: int, header: Sequence[str], cells: Sequence[str]) -> Cells | RowError:
    if any(cells[len(header) :]):
        values = {"found": len(cells), "expected": len(header)}
        return RowError(number, "", "import_cell_count", values)
    named: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name and cell.strip():
            named.setdefault(name, cell.strip())
    return named


def _record(lines: Sequence[str], start: int, width: int) -> tuple[list[str], int]:
    """The cells that begin in this line, and how many lines they took."""
    line = lines[start]
    if not _opens(line):
        return line.split("\t"), 1
    for used in range(1, min(_LONGEST_RECORD, len(lines) - start) + 1):
        if used > 1 and lines[start + used - 1].count("\t") == width - 1:
            break  # that line is a row of its own, so the quote before it was a stray one
        try:
            cells = _quoted("\n".join(lines[start : start + used]))
        except csv.Error as error:
            if "end of data" in str(error):  # still open: the next line may close it
                continue
            break
        if len(cells) == width or used == 1:
            return cells, used
        break
    return line.split("\t"), 1


def _opens(line: str) -> bool:
    return line.startswith('"') or '\t"' in line


def _quoted(record: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(record, newline=""), delimiter="\t", strict=True))
    if len(rows) != 1:
        raise csv.Error("record")
    return rows[0]
