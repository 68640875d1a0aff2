"""Writes the feed and the pictures from their source: `python -m data.seeds.build [--check]`."""

import sys
from collections.abc import Sequence

from data.seeds import feed, pictures, render, source

FEED = source.HERE / "giftshop.tsv"
IMAGES = source.HERE / "images"


def drawings(products: Sequence[source.Product]) -> dict[str, str]:
    """Every picture's file name with its SVG."""
    return {
        product.picture(variant): pictures.svg(product, variant)
        for product in products
        for variant in product.variants
    }


def outdated() -> list[str]:
    """Names of committed files that do not show what the source says."""
    products = source.products()
    wanted = drawings(products)
    current = FEED.read_text("utf-8") if FEED.exists() else ""
    left_over = [path.name for path in IMAGES.glob("*") if path.name not in wanted]
    feed_is_old = [FEED.name] if current != feed.tsv(products) else []
    return [*feed_is_old, *render.stale(IMAGES, wanted), *left_over]


def build() -> None:
    """Writes what changed and removes pictures that nothing shows any more."""
    products = source.products()
    wanted = drawings(products)
    FEED.write_text(feed.tsv(products), "utf-8")
    for path in IMAGES.glob("*"):
        if path.name not in wanted:
            path.unlink()
    changed = render.stale(IMAGES, wanted)
    if changed:
        render.draw(IMAGES, {name: wanted[name] for name in changed})


def main(arguments: Sequence[str]) -> int:
    """Builds; with --check only says what is outdated."""
    if "--check" not in arguments:
        build()
    old = outdated()
    sys.stdout.write("".join(f"outdated: {name}\n" for name in old))
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
