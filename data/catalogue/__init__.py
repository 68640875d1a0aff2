"""Products, variants, their stock, their search, and how a merchant's feed becomes them."""

from data.catalogue.models import (
    Hold,
    HoldState,
    Product,
    ProductTag,
    Shown,
    StockMove,
    Variant,
    price_of,
    text_in,
)
from data.catalogue.stock import (
    commit_hold,
    count_stock,
    extend_hold,
    hold_stock,
    release_expired,
    release_hold,
    restock,
)

__all__ = [
    "Hold",
    "HoldState",
    "Product",
    "ProductTag",
    "Shown",
    "StockMove",
    "Variant",
    "commit_hold",
    "count_stock",
    "extend_hold",
    "hold_stock",
    "price_of",
    "release_expired",
    "release_hold",
    "restock",
    "text_in",
]
