"""Writes the products as a Google product feed (TSV), with our extra columns after Google's."""

from collections.abc import Iterator, Mapping

from data.kernel.locales import Locale
from data.kernel.money import Money
from data.seeds.source import Product, Slip, Texts, Variant

# Reserved for examples (RFC 2606), so nothing answers there: the demo serves images/ itself.
SHOP_URL = "https://giftshop.tuanzi.example"
BASE = Locale.ZH_HANS
# GS1 keeps 200-299 for numbers used inside one shop.
IN_STORE_PREFIX = "210"
_SUFFIXES = {Locale.ZH_HANS: "zh_hans", Locale.ZH_HANT: "zh_hant", Locale.EN: "en"}
_FORBIDDEN = ("\t", "\n", "\r", '"')


def tsv(products: list[Product]) -> str:
    """The whole feed, header first, one line a variant."""
    rows = [row(product, variant) for product in products for variant in product.variants]
    lines = [list(rows[0]), *(list(each.values()) for each in rows)]
    return "".join("\t".join(_plain(cell) for cell in line) + "\n" for line in lines)


def row(product: Product, variant: Variant) -> dict[str, str]:
    """One variant under Google's column names, then ours."""
    return {**_google_columns(product, variant), **dict(_our_columns(product, variant))}


def gtin(product: Product, index: int) -> str:
    """An EAN-13 of our own: it stays the same when products are added before this one."""
    digits = f"{IN_STORE_PREFIX}{product.number:06d}{index:03d}"
    # EAN-13: weights 1 and 3 in turn, from the left.
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def _google_columns(product: Product, variant: Variant) -> dict[str, str]:
    index = product.variants.index(variant)
    several = len(product.variants) > 1
    return {
        "id": variant.id,
        "item_group_id": product.id if several else "",
        "title": product.title[BASE],
        "description": product.text[BASE],
        "link": f"{SHOP_URL}/products/{product.id}" + (f"?variant={variant.id}" * several),
        "image_link": f"{SHOP_URL}/images/{product.picture(variant)}",
        "availability": variant.availability,
        "price": _price(variant.price),
        "sale_price": _price(variant.sale_price) if variant.sale_price else "",
        "brand": product.category.brand,
        "gtin": gtin(product, index),
        "mpn": f"TZ-{product.number:03d}-{index:02d}",
        "condition": "new",
        "google_product_category": product.google,
        "product_type": product.category.names[BASE],
        "color": _named(variant.colour.names if variant.colour else None, BASE),
        "size": _named(variant.size, BASE),
        "material": _named(product.material, BASE),
        "age_group": product.age_group,
        "max_handling_time": str(product.handling_days),
    }


def _our_columns(product: Product, variant: Variant) -> Iterator[tuple[str, str]]:
    colour = variant.colour.names if variant.colour else None
    translated: Mapping[str, Texts | None] = {
        "title": product.title,
        "description": product.text,
        "product_type": product.category.names,
        "color": colour,
        "size": variant.size,
        "material": product.material,
    }
    for name, texts in translated.items():
        for locale, suffix in _SUFFIXES.items():
            yield f"{name}_{suffix}", _named(texts, locale)
    yield "quantity", str(variant.stock)
    yield "tags", "|".join(product.tags)


def _named(texts: Texts | None, locale: Locale) -> str:
    return texts[locale] if texts else ""


def _price(money: Money) -> str:
    return f"{money.amount:.2f} {money.currency}"


def _plain(cell: str) -> str:
    if any(mark in cell for mark in _FORBIDDEN):
        raise Slip(f"a tab, line break or straight quote breaks a TSV: {cell[:60]}")
    return cell
