"""/api/v1/products: the catalogue, read, and fed from a Google product feed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit
from bot.api.reads.shelf import ProductView, page_of_products, view_product
from bot.api.shapes import Listed, MoneyOut
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.catalogue import Variant, import_feed, price_of
from data.catalogue.rows import RowError
from integrations.catalogues import read_google_feed

router = APIRouter(prefix="/products", tags=["products"])


class VariantOut(BaseModel):
    id: str
    external_id: str
    sku: str | None
    gtin: str | None
    attributes: dict[str, str]
    price: MoneyOut
    on_hand: int
    available: int
    state: str

    @classmethod
    def of(cls, variant: Variant) -> "VariantOut":
        return cls(
            id=variant.id,
            external_id=variant.external_id,
            sku=variant.sku,
            gtin=variant.gtin,
            attributes=variant.attributes,
            price=MoneyOut.of(price_of(variant)),
            on_hand=variant.on_hand,
            available=variant.available,
            state=variant.state,
        )


class ProductOut(BaseModel):
    """Texts are by locale."""

    id: str
    external_id: str
    title: dict[str, str]
    description: dict[str, str]
    brand: str
    category: str
    link: str
    image: str
    state: str
    variants: list[VariantOut]

    @classmethod
    def of(cls, view: ProductView) -> "ProductOut":
        product = view.product
        return cls(
            id=product.id,
            external_id=product.external_id,
            title=product.title,
            description=product.description,
            brand=product.brand,
            category=product.category,
            link=product.link,
            image=product.image,
            state=product.state,
            variants=[VariantOut.of(variant) for variant in view.variants],
        )


class RowProblem(BaseModel):
    row: int
    field: str
    code: str

    @classmethod
    def of(cls, error: RowError) -> "RowProblem":
        return cls(row=error.row, field=error.field, code=error.code)


class ImportOut(BaseModel):
    """`errors` are rows that were refused; `notes` were taken, but not as written."""

    created: int
    updated: int
    unchanged: int
    errors: list[RowProblem]
    notes: list[RowProblem]


@router.get("")
def list_products(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[ProductOut]:
    with looking(shop.database, client.merchant_id) as session:
        views, following = page_of_products(
            session, merchant_id=client.merchant_id, after=after or "", limit=limit
        )
        return Listed(items=[ProductOut.of(view) for view in views], next=following)


@router.get("/{product_id}")
def get_product(product_id: str, client: Known, shop: Shop) -> ProductOut:
    with looking(shop.database, client.merchant_id) as session:
        view = view_product(session, merchant_id=client.merchant_id, product_id=product_id)
        return ProductOut.of(view)


async def body_of(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(body_of)]
_FEED = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/tab-separated-values": _FEED, "application/xml": _FEED},
        }
    },
)
def import_products(
    client: Known, shop: Shop, raw: Body, dry_run: Annotated[bool, Query()] = False
) -> ImportOut:
    """A Google product feed as the body, TSV or XML. A broken row never loses the good ones."""
    feed = read_google_feed(raw)
    with changing(shop.database, client.merchant_id) as session:
        report = import_feed(
            session, merchant_id=client.merchant_id, feed=feed, dry_run=dry_run, now=client.now
        )
    return ImportOut(
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        errors=[RowProblem.of(error) for error in report.errors],
        notes=[RowProblem.of(note) for note in report.notes],
    )
