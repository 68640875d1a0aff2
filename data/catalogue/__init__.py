"""Products, variants, their stock, their search, and how a merchant's feed becomes them."""

from data.catalogue.filters import Filters
from data.catalogue.floor import FLOOR, ShopFloor, shelf_of, sold_out
from data.catalogue.importing import ImportReport, import_feed, import_rows
from data.catalogue.index import (
    create_search_index,
    drop_search_index,
    index_products,
    reindex,
)
from data.catalogue.models import (
    CatalogueRevision,
    Hold,
    HoldState,
    Product,
    ProductTag,
    Shown,
    StockMove,
    Variant,
    attributes_in,
    price_of,
    text_in,
)
from data.catalogue.queries import (
    count_products,
    find_by_gtin,
    get_product,
    get_variant,
    list_products,
    tags_of,
    variants_of,
)
from data.catalogue.rows import CatalogueRow, ReadFeed, RowError
from data.catalogue.search import Found, find_by_name, search
from data.catalogue.shelf import Article, Shelf
from data.catalogue.stock import (
    commit_hold,
    could_hold,
    count_stock,
    hold_all,
    hold_stock,
    keep_hold,
    release_expired,
    release_hold,
    restock,
)

__all__ = [
    "FLOOR",
    "Article",
    "CatalogueRevision",
    "CatalogueRow",
    "Filters",
    "Found",
    "Hold",
    "HoldState",
    "ImportReport",
    "Product",
    "ProductTag",
    "ReadFeed",
    "RowError",
    "Shelf",
    "ShopFloor",
    "Shown",
    "StockMove",
    "Variant",
    "attributes_in",
    "commit_hold",
    "could_hold",
    "count_products",
    "count_stock",
    "create_search_index",
    "drop_search_index",
    "find_by_gtin",
    "find_by_name",
    "get_product",
    "get_variant",
    "hold_all",
    "hold_stock",
    "import_feed",
    "import_rows",
    "index_products",
    "keep_hold",
    "list_products",
    "price_of",
    "reindex",
    "release_expired",
    "release_hold",
    "restock",
    "search",
    "shelf_of",
    "sold_out",
    "tags_of",
    "text_in",
    "variants_of",
]
