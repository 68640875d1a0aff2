"""A table as a file that a spreadsheet opens and does not obey (T23)."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from unicodedata import normalize

from starlette.responses import Response

# Excel asks for this mark, else it reads UTF-8 as whatever the machine's own letters are.
_MARK = "\ufeff"
_FORMULA = re.compile(r"[=+\-@\t\r\n]")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """`name` is a file name of ours, in plain letters."""
    text = StringIO()
    write = csv.writer(text)
    write.writerow(head)
    write.writerows([_tame(cell) for cell in row] for row in rows)
    return Response(
        _MARK + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _tame(cell: object) -> object:
    """A text that a spreadsheet would compute is shown instead; full-width signs compute too."""
    if not isinstance(cell, str):
        return cell
    begins = normalize("NFKC", cell).lstrip(" ")[:1]
    return f"'{cell}" if _FORMULA.match(begins) else cell
