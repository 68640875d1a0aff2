"""The committed feed as plain rows, and products by what a customer may ask for."""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from data.seeds.build import FEED

Row = dict[str, str]


@dataclass
class Gift:
    """One product with the cheapest of its variants that can be sent now."""

    tags: frozenset[str]
    price: Decimal = Decimal("Infinity")
    rows: list[Row] = field(default_factory=list)

    @property
    def category(self) -> str:
        return next(tag for tag in self.tags if tag.startswith("category:"))


@cache
def rows() -> list[Row]:
    with FEED.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


def price(row: Row) -> Decimal:
    return Decimal((row["sale_price"] or row["price"]).removesuffix(" CNY"))


@cache
def gifts() -> dict[str, Gift]:
    found: dict[str, Gift] = {}
    for row in rows():
        tags = frozenset(row["tags"].split("|"))
        gift = found.setdefault(row["item_group_id"] or row["id"], Gift(tags))
        gift.rows.append(row)
        if int(row["quantity"]):
            gift.price = min(gift.price, price(row))
    return found


def fitting(*tags: str, at_most: int) -> list[Gift]:
    """What a shop assistant could put on the counter."""
    return [gift for gift in gifts().values() if gift.price <= at_most and gift.tags >= set(tags)]


def by_kind(kind: str) -> dict[str, list[Gift]]:
    found: dict[str, list[Gift]] = defaultdict(list)
    for gift in gifts().values():
        for tag in gift.tags:
            if tag.startswith(f"{kind}:"):
                found[tag].append(gift)
    return found
