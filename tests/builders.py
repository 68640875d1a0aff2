"""Small, believable rows for tests: a shop, a customer, something on the shelf."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant, index_products, restock
from data.kernel.encryption import CIPHER, FieldCipher
from data.kernel.ids import new_id
from data.merchants import Merchant
from data.people import Person

# Every test database encrypts; the key lives as long as the run.
SESSION_INFO: dict[str, object] = {CIPHER: FieldCipher([FieldCipher.new_key()])}
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # a Sunday, 10 in the morning in Shanghai


def a_merchant(
    session: Session,
    *,
    currency: str = "CNY",
    locale: str = "zh-Hans",
    timezone: str = "Asia/Shanghai",
    settings: dict[str, Any] | None = None,
) -> Merchant:
    merchant = Merchant(
        id=new_id("mer"),
        name={"zh-Hans": "团子礼物铺", "zh-Hant": "團子禮物鋪", "en": "Tuanzi Gifts"},
        currency=currency,
        locale=locale,
        timezone=timezone,
        settings=settings or {},
        created_at=NOW,
    )
    session.add(merchant)
    session.flush()
    return merchant


def a_person(
    session: Session, merchant: Merchant, *, name: str = "Lan", locale: str | None = None
) -> Person:
    person = Person(
        id=new_id("per"),
        merchant_id=merchant.id,
        name=name,
        locale=locale or merchant.locale,
        timezone=merchant.timezone,
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    return person


def a_product(
    session: Session,
    merchant: Merchant,
    *,
    title: str | Mapping[str, str] = "青瓷茶具",
    description: str | Mapping[str, str] = "",
    brand: str = "",
    category: str = "tea",
    price: int = 8800,
    sale_price: int | None = None,
    on_hand: int = 5,
    tags: Mapping[str, Sequence[str]] | None = None,
    external_id: str | None = None,
    attributes: dict[str, str] | None = None,
    gtin: str | None = None,
) -> Product:
    """A product with one variant; `price` in minor units of the shop's currency."""
    product = Product(
        id=new_id("prd"),
        merchant_id=merchant.id,
        external_id=external_id or new_id("ext"),
        locale=merchant.locale,
        title=_texts(title, merchant.locale),
        description=_texts(description, merchant.locale),
        brand=brand,
        category=category,
        created_at=NOW,
    )
    session.add(product)
    session.flush()
    said = [(kind, value) for kind, values in (tags or {}).items() for value in values]
    session.add_all(product.tag(said))
    a_variant(
        session,
        product,
        price=price,
        sale_price=sale_price,
        on_hand=on_hand,
        currency=merchant.currency,
        attributes=attributes,
        gtin=gtin,
    )
    index_products(session, merchant_id=merchant.id, product_ids=[product.id])
    return product


def a_variant(
    session: Session,
    product: Product,
    *,
    price: int = 8800,
    sale_price: int | None = None,
    on_hand: int = 5,
    currency: str = "CNY",
    attributes: dict[str, str] | None = None,
    gtin: str | None = None,
    position: int = 0,
) -> Variant:
    variant = Variant(
        id=new_id("var"),
        merchant_id=product.merchant_id,
        product_id=product.id,
        external_id=new_id("ext"),
        price_minor=price,
        sale_price_minor=sale_price,
        currency=currency,
        attributes=attributes or {},
        gtin=gtin,
        position=position,
        created_at=NOW,
    )
    session.add(variant)
    session.flush()
    if on_hand:
        restock(session, variant_id=variant.id, quantity=on_hand, reason="opening", ref="", now=NOW)
    return variant


def the_variant(session: Session, product: Product) -> Variant:
    """The first variant of a product."""
    return session.scalars(
        select(Variant).where(Variant.product_id == product.id).order_by(Variant.position)
    ).first()  # type: ignore[return-value]  # a_product always makes one


def _texts(text: str | Mapping[str, str], locale: str) -> dict[str, str]:
    return {locale: text} if isinstance(text, str) else dict(text)
