"""Looking at the shelf: one product, its variants, the whole list; always one merchant's own."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from data.catalogue.gtin import is_gtin, spellings
from data.catalogue.models import Product, ProductTag, Shown, Variant
from data.kernel.entities import Entities, remembered
from data.kernel.errors import NotFound

# Asked several times in a turn; made once, they cost what they do and not what they say.
_PRODUCT = Entities(
    select(Product).where(
        Product.id == bindparam("product"), Product.merchant_id == bindparam("merchant")
    )
)
_VARIANTS = Entities(
    select(Variant)
    .where(Variant.merchant_id == bindparam("merchant"), Variant.product_id == bindparam("product"))
    .where(Variant.state == Shown.ACTIVE)
    .order_by(Variant.position, Variant.id)
)


def get_product(session: Session, *, merchant_id: str, product_id: str) -> Product:
    there = remembered(session, Product, product_id)
    if there is not None and there.merchant_id == merchant_id:
        return there
    found = _PRODUCT.first(session, merchant=merchant_id, product=product_id)
    if found is None:
        raise NotFound("product")
    product: Product = found[0]
    return product


def get_variant(session: Session, *, merchant_id: str, variant_id: str) -> Variant:
    variant = session.get(Variant, variant_id)
    if variant is None or variant.merchant_id != merchant_id:
        raise NotFound("variant")
    return variant


def variants_of(session: Session, *, merchant_id: str, product_id: str) -> Sequence[Variant]:
    """What of this product is on the shelf, in the merchant's order; sold out ones included."""
    rows = _VARIANTS.rows(session, merchant=merchant_id, product=product_id)
    return [variant for (variant,) in rows]


def tags_of(session: Session, *, merchant_id: str, product_id: str) -> frozenset[tuple[str, str]]:
    """(kind, value) pairs."""
    found = session.execute(
        select(ProductTag.kind, ProductTag.value).where(
            ProductTag.merchant_id == merchant_id, ProductTag.product_id == product_id
        )
    )
    return frozenset((kind, value) for kind, value in found)


def list_products(
    session: Session, *, merchant_id: str, after: str = "", limit: int = 50
) -> Sequence[Product]:
    """A page of the catalogue in the order of external ids; `after` is the last one seen."""
    return session.scalars(
        select(Product)
        .where(Product.merchant_id == merchant_id, Product.external_id > after)
        .order_by(Product.external_id)
        .limit(limit)
    ).all()


def count_products(session: Session, *, merchant_id: str) -> int:
    mine = select(func.count()).select_from(Product).where(Product.merchant_id == merchant_id)
    return session.scalar(mine) or 0


def find_by_gtin(session: Session, *, merchant_id: str, gtin: str) -> Variant | None:
    """The variant under a bar code; None also where the check digit is wrong."""
    digits = gtin.strip().replace(" ", "").replace("-", "")
    if not is_gtin(digits):
        return None
    return session.scalars(
        select(Variant)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.merchant_id == merchant_id, Variant.gtin.in_(spellings(digits)))
        .where(Variant.state == Shown.ACTIVE, Product.state == Shown.ACTIVE)
        .order_by(Variant.position, Variant.id)
    ).first()
