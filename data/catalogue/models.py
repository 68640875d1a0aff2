"""Product, tag, variant, stock move, hold.

A hold:  HELD ──commit──▶ COMMITTED (sold)
           └───release──▶ RELEASED ──held again──▶ HELD
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.locales import Locale
from data.kernel.money import Money

_IS_SOLD_OUT = "held >= on_hand"


class Shown(StrEnum):
    """Whether a product or variant is on the shelf: a hidden one is neither found nor sold."""

    ACTIVE = "active"
    HIDDEN = "hidden"


class HoldState(StrEnum):
    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"


class Product(Base):
    """What a card shows. `title` and `description` are texts by locale; `locale` is their base."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("merchant_id", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    external_id: Mapped[str] = mapped_column(String(50))  # the feed's item_group_id, else its id
    locale: Mapped[str] = mapped_column(String(8))
    title: Mapped[dict[str, str]]
    description: Mapped[dict[str, str]]
    brand: Mapped[str] = mapped_column(String(120), default="")
    category: Mapped[str] = mapped_column(String(80), default="", index=True)
    link: Mapped[str] = mapped_column(String(2000), default="")
    image: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(8), default=Shown.ACTIVE)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]

    def tag(self, tags: Iterable[tuple[str, str]]) -> "list[ProductTag]":
        """The rows that say its tags, (kind, value) pairs, each once; to be added."""
        return [
            ProductTag(product_id=self.id, kind=kind, value=value, merchant_id=self.merchant_id)
            for kind, value in dict.fromkeys(tags)
        ]


class ProductTag(Base):
    """`occasion: birthday`, `recipient: mother`, `contains: nuts` …: what gift ideas rest on."""

    __tablename__ = "product_tags"
    __table_args__ = (Index("ix_product_tags_wanted", "merchant_id", "kind", "value"),)

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))


class Variant(Base):
    """What is bought. `on_hand` is on the shelf, `held` of it is promised; see stock.py."""

    __tablename__ = "variants"
    __table_args__ = (
        UniqueConstraint("merchant_id", "external_id"),
        CheckConstraint("0 <= held AND held <= on_hand", name="stock"),
        CheckConstraint("price_minor >= 0", name="price"),
        Index("ix_variants_gtin", "merchant_id", "gtin"),
        # Both, else SQLite looks for a product's variants among all of the merchant's.
        Index("ix_variants_product", "product_id", "merchant_id"),
        # Few are sold out, and every question asks which.
        Index(
            "ix_variants_sold_out",
            "merchant_id",
            sqlite_where=text(_IS_SOLD_OUT),
            postgresql_where=text(_IS_SOLD_OUT),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    external_id: Mapped[str] = mapped_column(String(50))
    sku: Mapped[str | None] = mapped_column(String(80))
    gtin: Mapped[str | None] = mapped_column(String(14))
    attributes: Mapped[dict[str, str]] = mapped_column(default=dict)  # color, size, material …
    attribute_texts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {locale: {name: text}}
    price_minor: Mapped[int] = mapped_column(BigInteger)
    sale_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    on_hand: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)  # the feed's order; the first one is shown
    state: Mapped[str] = mapped_column(String(8), default=Shown.ACTIVE)
    image: Mapped[str] = mapped_column(String(2000), default="")
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    feed_quantity: Mapped[int | None]  # what the last feed said: only a new figure moves stock
    feed_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]

    @property
    def available(self) -> int:
        """Free to promise to somebody."""
        return self.on_hand - self.held


class CatalogueRevision(Base):
    """Another token whenever what a shelf shows has changed; see revisions.py."""

    __tablename__ = "catalogue_revisions"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    revision: Mapped[str] = mapped_column(String(32))


class StockMove(Base):
    """Every change of `on_hand`, once: the moves of a variant sum to what is on the shelf."""

    __tablename__ = "stock_moves"
    __table_args__ = (
        UniqueConstraint("variant_id", "reason", "ref"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"))
    delta: Mapped[int]
    reason: Mapped[str] = mapped_column(String(24))
    ref: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


class Hold(Base):
    """Units promised to one owner (an order, a gift) until a moment."""

    __tablename__ = "holds"
    __table_args__ = (
        UniqueConstraint("owner_ref", "variant_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_holds_due", "state", "expires_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"), index=True)
    quantity: Mapped[int]
    owner_ref: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default=HoldState.HELD)
    created_at: Mapped[datetime]


def price_of(variant: Variant) -> Money:
    """What a buyer pays now: the sale price where it is lower."""
    return Money(lower_price(variant.price_minor, variant.sale_price_minor), variant.currency)


def lower_price(regular: int, sale: int | None) -> int:
    return regular if sale is None else min(regular, sale)


def text_in(texts: Mapping[str, str], locale: str) -> str:
    """The text in this language, else the other Chinese, else English, else any there is."""
    order = [locale, *([Locale.ZH_HANS, Locale.ZH_HANT] if locale.startswith("zh") else [])]
    for tag in [*order, Locale.EN, *texts]:
        if texts.get(tag):
            return texts[tag]
    return ""


def attributes_in(variant: Variant, locale: str) -> dict[str, str]:
    """`{"color": "celadon", "size": "L"}` in this language; what has no translation stays."""
    return {
        name: variant.attribute_texts.get(locale, {}).get(name) or value
        for name, value in variant.attributes.items()
    }
