"""One row of a merchant's catalogue, whatever file it came from, and what can be wrong with one."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from data.kernel.money import Money

BASE = ""  # the language of a text whose column names none: the merchant's own

Texts = Mapping[str, str]  # locale (or BASE) to text


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One variant with what it says of its product. `quantity` None: the file does not count."""

    number: int  # the line of a TSV, the place of an item in XML; for error messages
    external_id: str
    title: Texts
    price: Money
    group_id: str = ""
    description: Texts = dataclasses.field(default_factory=dict)
    in_stock: bool = True
    quantity: int | None = None
    sale_price: Money | None = None
    link: str = ""
    image: str = ""
    brand: str = ""
    gtin: str = ""
    sku: str = ""
    category: Texts = dataclasses.field(default_factory=dict)
    attributes: Mapping[str, Texts] = dataclasses.field(default_factory=dict)  # name to its texts
    tags: tuple[tuple[str, str], ...] = ()  # (kind, value)
    extra: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def product_key(self) -> str:
        return self.group_id or self.external_id


@dataclass(frozen=True, slots=True)
class RowError:
    """`code` names the sentence in the language files; `values` fill its {gaps}."""

    row: int
    field: str
    code: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """What a reader made of a file. `notes` name rows that were taken, but not as written."""

    rows: tuple[CatalogueRow, ...]
    errors: tuple[RowError, ...]
    notes: tuple[RowError, ...] = ()
