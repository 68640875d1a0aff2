"""Reads what people edit (catalogue/*.toml, words/*.toml) into typed rows, and refuses slips.

TOML because the standard library reads it: `data` brings no parser of its own.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from data.kernel.locales import Locale
from data.kernel.money import Money

HERE = Path(__file__).parent
CURRENCY = "CNY"
# Main and accent colour of a picture whose product says none.
_PAINT = ("#D9B08C", "#E8B45A")

Texts = Mapping[Locale, str]


@dataclass(frozen=True)
class Colour:
    """A colour as a customer reads it and as the picture uses it."""

    key: str
    names: Texts
    main: str
    accent: str


@dataclass(frozen=True)
class Category:
    """One shelf: its name, the house line that fills it, and the backdrop of its pictures."""

    key: str
    names: Texts
    brand: str
    google: str
    backdrop: str


@dataclass(frozen=True)
class Variant:
    """What is counted, priced and sent: one row of the feed."""

    id: str
    price: Money
    sale_price: Money | None
    stock: int
    availability: str
    colour: Colour | None
    size: Texts | None


@dataclass(frozen=True)
class Product:
    """What a customer calls one thing, with at least one variant."""

    number: int
    id: str
    category: Category
    title: Texts
    text: Texts
    motif: str
    paint: tuple[str, str]
    google: str
    age_group: str
    handling_days: int
    material: Texts | None
    tags: tuple[str, ...]
    variants: tuple[Variant, ...] = field(default=())

    def picture(self, variant: Variant) -> str:
        """File name of the picture: variants that differ only in size share one."""
        colour = variant.colour
        several = len({v.colour.key for v in self.variants if v.colour}) > 1
        return f"{self.id}-{colour.key}.png" if colour and several else f"{self.id}.png"


class Slip(ValueError):
    """Something in the source that a shopkeeper has to put right; says where and what."""


def products() -> list[Product]:
    """All products, in the order of their numbers."""
    found = [
        _product(entry, _category(table), f"{path.name}: {entry.get('id')}")
        for path in sorted((HERE / "catalogue").glob("*.toml"))
        for table in [_read(path)]
        for entry in table["product"]
    ]
    return sorted(found, key=lambda product: product.number)


@cache
def words(name: str) -> dict[str, Any]:
    """One table of words/: colours, sizes, materials or tags."""
    return _read(HERE / "words" / f"{name}.toml")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Slip(f"{path.name}: {error}") from error


def _texts(value: Mapping[str, str], where: str) -> Texts:
    missing = [locale.value for locale in Locale if not value.get(locale.value, "").strip()]
    if missing:
        raise Slip(f"{where}: no text in {', '.join(missing)}")
    return {locale: value[locale.value].strip() for locale in Locale}


def _word(table: str, key: str, where: str) -> dict[str, str]:
    try:
        found: dict[str, str] = words(table)[key]
    except KeyError as error:
        raise Slip(f"{where}: {key!r} is not in words/{table}.toml") from error
    return found


def _category(table: Mapping[str, Any]) -> Category:
    head = table["category"]
    return Category(
        key=head["key"],
        names=_texts(head["name"], head["key"]),
        brand=head["brand"],
        google=head["google"],
        backdrop=head["backdrop"],
    )


def _product(entry: Mapping[str, Any], category: Category, where: str) -> Product:
    material = entry.get("material")
    return Product(
        number=entry["number"],
        id=entry["id"],
        category=category,
        title=_texts(entry["title"], where),
        text=_texts(entry["text"], where),
        motif=entry["motif"],
        paint=(entry.get("paint", _PAINT)[0], entry.get("paint", _PAINT)[1]),
        google=entry.get("google", category.google),
        age_group=entry.get("age_group", "adult"),
        handling_days=entry.get("handling_days", 1),
        material=_texts(_word("materials", material, where), where) if material else None,
        tags=_tags(entry, category, where),
        variants=tuple(_variant(entry, v, where) for v in entry.get("variant", [{}])),
    )


def _tags(entry: Mapping[str, Any], category: Category, where: str) -> tuple[str, ...]:
    """`kind:value` for each word of each kind, the category first."""
    vocabulary = words("tags")
    pairs = [(kind, value) for kind in vocabulary for value in str(entry.get(kind, "")).split()]
    strange = [f"{kind}:{value}" for kind, value in pairs if value not in vocabulary[kind].split()]
    if strange:
        raise Slip(f"{where}: {', '.join(strange)} is not in words/tags.toml")
    return (f"category:{category.key}", *(f"{kind}:{value}" for kind, value in pairs))


def _variant(entry: Mapping[str, Any], own: Mapping[str, Any], where: str) -> Variant:
    """A variant takes from its product what it does not say itself."""
    said = {**entry, **own}
    sale = said.get("sale_price")
    colour = said.get("colour")
    size = said.get("size")
    return Variant(
        id="-".join([said["id"], *(own[key] for key in ("colour", "size") if key in own)]),
        price=Money.of(said["price"], CURRENCY),
        sale_price=Money.of(sale, CURRENCY) if sale else None,
        stock=said["stock"],
        availability=said.get("availability", "in_stock" if said["stock"] else "out_of_stock"),
        colour=_colour(colour, where) if colour else None,
        size=_texts(_word("sizes", size, where), where) if size else None,
    )


def _colour(key: str, where: str) -> Colour:
    word = _word("colours", key, where)
    return Colour(key, _texts(word, where), word["main"], word.get("accent", _PAINT[1]))
