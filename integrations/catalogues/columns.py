"""Cells under Google's column names become one CatalogueRow, or the first thing wrong with them."""

import re
from collections.abc import Mapping

from data.catalogue.gtin import is_gtin
from data.catalogue.rows import BASE, CatalogueRow, RowError, Texts
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.kernel.money import Money
from integrations.catalogues.age_groups import age_tags

Cells = Mapping[str, str]

_LOCALES = {f"_{locale.lower().replace('-', '_')}": locale for locale in Locale}
_ATTRIBUTES = ("color", "size", "material", "pattern")
_TEXTS = ("title", "description", "product_type", *_ATTRIBUTES)
_TAKEN = {
    "id", "item_group_id", "link", "image_link", "availability", "price", "sale_price", "brand",
    "gtin", "sku", "quantity", "tags",
    *_TEXTS, *(f"{name}{suffix}" for name in _TEXTS for suffix in _LOCALES),
}  # fmt: skip
# Google's own limits, except link (ours: what the column holds), brand and sku (ours).
_LONGEST = {
    "id": 50, "item_group_id": 50, "title": 150, "description": 5000, "link": 2000,
    "image_link": 2000, "brand": 120, "sku": 80, "mpn": 70, "product_type": 750,
    "color": 100, "size": 100, "material": 200, "pattern": 100,
}  # fmt: skip
_LONGEST_TAG = {"kind": 40, "value": 80}
# Old feeds write a space. What is only ordered ahead is not on the shelf, so it cannot be held.
_ON_SHELF = {"in_stock": True, "out_of_stock": False, "preorder": False, "backorder": False}
_AMOUNT, _CURRENCY = r"(?P<amount>[0-9]{1,15}(?:\.[0-9]{1,6})?)", r"(?P<currency>[A-Z]{3})"
_AMOUNT_FIRST = re.compile(rf"{_AMOUNT}\s*{_CURRENCY}")
_CURRENCY_FIRST = re.compile(rf"{_CURRENCY}\s*{_AMOUNT}")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'\\]+", re.IGNORECASE)
_QUANTITY = re.compile(r"[0-9]{1,9}")
_TAG = re.compile(r"([a-z0-9_]+)\s*:\s*([^\s:|,][^:|,]*)")


class CellError(Exception):
    """This cell refuses its row."""

    def __init__(self, field: str, code: str, **values: object) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.values = field, code, values


def read_row(number: int, cells: Cells) -> tuple[CatalogueRow, list[RowError]]:
    """The row, and notes on what was left out of it."""
    _check_lengths(cells)
    extra = {name: value for name, value in cells.items() if name not in _TAKEN}
    notes: list[RowError] = []
    row = CatalogueRow(
        number=number,
        external_id=_required(cells, "id"),
        group_id=cells.get("item_group_id", ""),
        title=_title(cells),
        description=_texts(cells, "description"),
        price=_price(cells, "price"),
        sale_price=_sale_price(cells, extra, number, notes),
        in_stock=_in_stock(cells),
        quantity=_quantity(cells),
        link=_address(cells, "link"),
        image=_address(cells, "image_link"),
        brand=cells.get("brand", ""),
        gtin=_gtin(cells, extra, number, notes),
        sku=cells.get("sku") or cells.get("mpn", ""),
        category=_texts(cells, "product_type"),
        attributes={name: texts for name in _ATTRIBUTES if (texts := _texts(cells, name))},
        tags=_tags(cells),
        extra=extra,
    )
    return row, notes


def _required(cells: Cells, name: str) -> str:
    if not cells.get(name):
        raise CellError(name, "import_missing")
    return cells[name]


def _check_lengths(cells: Cells) -> None:
    for name, value in cells.items():
        suffix = next((suffix for suffix in _LOCALES if name.endswith(suffix)), "")
        limit = _LONGEST.get(name.removesuffix(suffix))
        if limit and len(value) > limit:
            raise CellError(name, "import_too_long", limit=limit, found=len(value))


def _texts(cells: Cells, name: str) -> Texts:
    named = {locale.value: cells.get(f"{name}{suffix}") for suffix, locale in _LOCALES.items()}
    return {locale: text for locale, text in {BASE: cells.get(name), **named}.items() if text}


def _title(cells: Cells) -> Texts:
    return _texts(cells, "title") or {BASE: _required(cells, "title")}


def _price(cells: Cells, name: str) -> Money:
    """`15.00 USD` or `USD 15.00`; no thousands separator, as nobody can know which one it is."""
    written = _required(cells, name)
    match = _AMOUNT_FIRST.fullmatch(written) or _CURRENCY_FIRST.fullmatch(written)
    if not match:
        raise CellError(name, "import_bad_price", found=written[:40])
    try:
        price = Money.of(match["amount"], match["currency"])
    except Invalid as error:  # more decimals than the currency has, or beyond all sense
        raise CellError(name, "import_bad_price", found=written[:40]) from error
    if price.minor == 0:
        raise CellError(name, "import_bad_price", found=written[:40])
    return price


def _sale_price(
    cells: Cells, extra: dict[str, str], number: int, notes: list[RowError]
) -> Money | None:
    """A sale with dates is left out, and noted: we would sell at its price after it ended."""
    if not cells.get("sale_price"):
        return None
    price = _price(cells, "sale_price")
    if cells.get("sale_price_effective_date"):
        extra["sale_price"] = cells["sale_price"]
        notes.append(RowError(number, "sale_price", "import_dated_sale_ignored"))
        return None
    return price


def _in_stock(cells: Cells) -> bool:
    written = _required(cells, "availability")
    on_shelf = _ON_SHELF.get(written.lower().replace(" ", "_"))
    if on_shelf is None:
        raise CellError("availability", "import_bad_availability", found=written[:40])
    return on_shelf


def _quantity(cells: Cells) -> int | None:
    written = cells.get("quantity")
    if written is None:
        return None
    if not _QUANTITY.fullmatch(written):
        raise CellError("quantity", "import_bad_quantity", found=written[:40])
    return int(written)


def _address(cells: Cells, name: str) -> str:
    """Only a web address: these become links and pictures on our pages and in chats."""
    written = cells.get(name, "")
    if written and not _WEB_ADDRESS.fullmatch(written):
        raise CellError(name, "import_bad_link", found=written[:40])
    return written


def _gtin(cells: Cells, extra: dict[str, str], number: int, notes: list[RowError]) -> str:
    """A mistyped bar code costs the bar code, not the product."""
    written = cells.get("gtin", "")
    digits = written.replace(" ", "").replace("-", "")
    if not written or is_gtin(digits):
        return digits
    extra["gtin"] = written
    notes.append(RowError(number, "gtin", "import_bad_gtin_ignored", {"found": written[:40]}))
    return ""


def _tags(cells: Cells) -> tuple[tuple[str, str], ...]:
    """Refused when unreadable: a lost `contains:nuts` could hurt somebody."""
    tags = []
    for written in re.split(r"[|,]", cells.get("tags", "")):
        if not written.strip():
            continue
        match = _TAG.fullmatch(written.strip().lower())
        kind, value = match.groups() if match else ("", "")
        if not match or len(kind) > _LONGEST_TAG["kind"] or len(value) > _LONGEST_TAG["value"]:
            raise CellError("tags", "import_bad_tag", found=written.strip()[:40])
        tags.append((kind, value.strip()))
    own = tuple(dict.fromkeys(tags))
    return (*own, *age_tags(cells, own))
