"""Google's product feed, TSV or XML: https://support.google.com/merchants/answer/7052112.

Columns of ours beside Google's: `title_zh_hans` … `title_en` (also description, product_type,
color, size, material, pattern), `quantity`, `sku`, `tags` (`occasion:birthday|recipient:mother`).
`age_group` becomes tags of age where `tags` says nothing of it. What we do not know is kept in
`extra`. A cell that cannot be true refuses its row, by number.
"""

from collections.abc import Iterator

from data.catalogue.rows import CatalogueRow, ReadFeed, RowError
from integrations.catalogues.columns import CellError, Cells, read_row
from integrations.catalogues.encoding import decode
from integrations.catalogues.limits import Limits
from integrations.catalogues.tsv import tsv_rows
from integrations.catalogues.xml_feed import xml_rows


def read_google_feed(raw: bytes, *, limits: Limits | None = None) -> ReadFeed:
    """Rows and complaints; raises TooMuch or Invalid only where the file as a whole is refused."""
    limits = limits or Limits()
    limits.check_size(raw)
    rows: list[CatalogueRow] = []
    errors: list[RowError] = []
    notes: list[RowError] = []
    for number, found in _records(decode(raw), limits):
        if isinstance(found, RowError):
            errors.append(found)
            continue
        try:
            row, remarks = read_row(number, found)
        except CellError as error:
            errors.append(RowError(number, error.field, error.code, error.values))
        else:
            rows.append(row)
            notes += remarks
    return ReadFeed(tuple(rows), tuple(errors), tuple(notes))


def _records(text: str, limits: Limits) -> Iterator[tuple[int, Cells | RowError]]:
    is_xml = text.lstrip()[:1] == "<"
    return xml_rows(text, limits) if is_xml else tsv_rows(text, limits)
