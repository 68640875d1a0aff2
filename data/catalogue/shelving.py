"""Puts one row of a feed on the shelf: its product, its variant, its tags, its stock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.catalogue.models import Product, ProductTag, StockMove, Variant
from data.catalogue.rows import BASE, CatalogueRow, Texts
from data.catalogue.stock import count_stock
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import Merchant

# What we take for "in stock" without a number, unless the merchant's settings say
# `assumed_stock`: enough for an ordinary day, few enough that a wrong guess disappoints few.
ASSUMED_STOCK = 10
IMPORTED = "import"
CATEGORY = "category"  # the tag kind that names a shelf by a key, in no language


class Shelves:
    """The products of one import. `run` names this import in the stock moves it writes."""

    def __init__(self, session: Session, merchant: Merchant, *, run: str, now: datetime) -> None:
        self.touched: set[str] = set()  # product ids whose words changed
        self._session, self._merchant = session, merchant
        self._run, self._now = run, now
        self._products: dict[str, Product] = {}
        self._met: dict[str, int] = {}  # product key to the rows of it seen so far
        # What refers to a product or variant waits until that one is written.
        self._details: list[ProductTag | Variant] = []
        self._moves: list[StockMove] = []
        self._retagged: list[str] = []

    def fetch_products(self, keys: Collection[str]) -> None:
        found = self._session.scalars(
            select(Product).where(
                Product.merchant_id == self._merchant.id,
                Product.external_id.in_(set(keys) - self._products.keys()),
            )
        )
        self._products.update({product.external_id: product for product in found})

    def pass_by(self, row: CatalogueRow) -> int:
        """This row was seen; gives its place among the rows of its product, from 0."""
        place = self._met.get(row.product_key, 0)
        self._met[row.product_key] = place + 1
        return place

    def add(self, row: CatalogueRow, digest: str) -> None:
        place = self.pass_by(row)
        product = self._product_for(row, place)
        on_hand = self._stock_of(row)
        variant = Variant(
            id=new_id("var"),
            merchant_id=self._merchant.id,
            external_id=row.external_id,
            on_hand=on_hand,
            feed_quantity=on_hand,
            created_at=self._now,
        )
        self._describe(variant, product, row, place, digest)
        self._details.append(variant)
        if on_hand:
            self._moves.append(self._opening(variant, on_hand))

    def change(self, variant: Variant, row: CatalogueRow, digest: str) -> None:
        """Stock moves only if the feed's own figure is a new one: sales since then stay sold."""
        place = self.pass_by(row)
        self.touched.add(variant.product_id)
        product = self._product_for(row, place)
        self._session.flush()
        self._describe(variant, product, row, place, digest)
        on_hand = self._stock_of(row)
        if on_hand == variant.feed_quantity:
            return
        variant.feed_quantity = on_hand
        self._session.flush()
        count_stock(
            self._session,
            variant_id=variant.id,
            on_hand=on_hand,
            reason=IMPORTED,
            ref=self._run,
            now=self._now,
        )

    def settle(self) -> None:
        """Write what waits, in the order in which it refers to each other."""
        self._session.flush()
        old_tags = ProductTag.product_id.in_(self._retagged)
        self._session.execute(delete(ProductTag).where(old_tags))
        self._session.add_all(self._details)
        self._session.flush()
        self._session.add_all(self._moves)
        self._session.flush()
        for written in (self._details, self._moves, self._retagged):
            written.clear()

    def _product_for(self, row: CatalogueRow, place: int) -> Product:
        """The first row of a product speaks for it; the others bring a variant only."""
        product = self._products.get(row.product_key)
        if product is None:
            product = self._new_product(row)
        elif place == 0:
            self._retagged.append(product.id)
            self._tell(product, row)
        self.touched.add(product.id)
        return product

    def _new_product(self, row: CatalogueRow) -> Product:
        product = Product(
            id=new_id("prd"),
            merchant_id=self._merchant.id,
            external_id=row.product_key,
            created_at=self._now,
        )
        self._tell(product, row)
        self._session.add(product)
        self._products[row.product_key] = product
        return product

    def _tell(self, product: Product, row: CatalogueRow) -> None:
        product.locale = self._merchant.locale
        product.title = self._texts(row.title)
        product.description = self._texts(row.description)
        product.brand, product.link, product.image = row.brand, row.link, row.image
        names = self._texts(row.category)
        keys = [value for kind, value in row.tags if kind == CATEGORY]
        product.category = (keys or [names.get(self._merchant.locale, "")])[0][:80]
        product.extra = {**row.extra, "category_names": names}
        self._tag(product, row)

    def _tag(self, product: Product, row: CatalogueRow) -> None:
        self._details.extend(product.tag(row.tags))

    def _describe(
        self, variant: Variant, product: Product, row: CatalogueRow, place: int, digest: str
    ) -> None:
        variant.product_id, variant.position = product.id, place
        variant.sku, variant.gtin = row.sku or None, row.gtin or None
        variant.price_minor, variant.currency = row.price.minor, row.price.currency
        variant.sale_price_minor = _minor(row.sale_price)
        variant.image, variant.extra = row.image, dict(row.extra)
        self._label(variant, row)
        variant.feed_hash = digest

    def _label(self, variant: Variant, row: CatalogueRow) -> None:
        texts = {name: self._texts(said) for name, said in row.attributes.items()}
        variant.attributes = {
            name: said.get(self._merchant.locale) or next(iter(said.values()))
            for name, said in texts.items()
            if said
        }
        locales = {locale for said in texts.values() for locale in said}
        variant.attribute_texts = {
            locale: {name: said[locale] for name, said in texts.items() if locale in said}
            for locale in sorted(locales)
        }

    def _stock_of(self, row: CatalogueRow) -> int:
        if not row.in_stock:
            return 0
        if row.quantity is None:
            return int(self._merchant.settings.get("assumed_stock", ASSUMED_STOCK))
        return row.quantity

    def _texts(self, texts: Texts) -> dict[str, str]:
        """A text without a language is in the merchant's, unless that one is there by name."""
        base = {self._merchant.locale: texts[BASE]} if texts.get(BASE) else {}
        return {**base, **{locale: said for locale, said in texts.items() if locale and said}}

    def _opening(self, variant: Variant, on_hand: int) -> StockMove:
        return StockMove(
            merchant_id=self._merchant.id,
            variant_id=variant.id,
            delta=on_hand,
            reason=IMPORTED,
            ref=self._run,
            created_at=self._now,
        )


def _minor(money: Money | None) -> int | None:
    return money.minor if money else None
