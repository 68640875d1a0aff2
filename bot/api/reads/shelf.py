"""The shelf as the merchant sees it: products with all their variants, hidden ones too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant
from data.catalogue.queries import get_product, list_products, tags_of


@dataclass(frozen=True, slots=True)
class ProductView:
    product: Product
    variants: Sequence[Variant]

    @property
    def available(self) -> int:
        return sum(variant.available for variant in self.variants)


def page_of_products(
    session: Session, *, merchant_id: str, after: str, limit: int
) -> tuple[list[ProductView], str | None]:
    """A page and the cursor of the next one, which is the last external id."""
    rows = list_products(session, merchant_id=merchant_id, after=after, limit=limit + 1)
    shown = rows[:limit]
    variants = variants_by_product(
        session, merchant_id=merchant_id, ids=[product.id for product in shown]
    )
    views = [ProductView(product, variants.get(product.id, [])) for product in shown]
    return views, shown[-1].external_id if len(rows) > limit else None


def view_product(session: Session, *, merchant_id: str, product_id: str) -> ProductView:
    product = get_product(session, merchant_id=merchant_id, product_id=product_id)
    variants = variants_by_product(session, merchant_id=merchant_id, ids=[product.id])
    return ProductView(product, variants.get(product.id, []))


def tags(session: Session, *, merchant_id: str, product_id: str) -> list[tuple[str, str]]:
    return sorted(tags_of(session, merchant_id=merchant_id, product_id=product_id))


def variants_by_product(
    session: Session, *, merchant_id: str, ids: Collection[str]
) -> dict[str, list[Variant]]:
    found: dict[str, list[Variant]] = {}
    rows = session.scalars(
        select(Variant)
        .where(Variant.merchant_id == merchant_id, Variant.product_id.in_(ids))
        .order_by(Variant.position, Variant.id)
    )
    for variant in rows:
        found.setdefault(variant.product_id, []).append(variant)
    return found


def all_variants(session: Session, *, merchant_id: str) -> list[tuple[Variant, Product]]:
    """For a form's list of what can be offered; a shop of this size has hundreds, not millions."""
    rows = session.execute(
        select(Variant, Product)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.merchant_id == merchant_id)
        .order_by(Product.external_id, Variant.position)
        .limit(2_000)
    )
    return [(first, second) for first, second in rows]
