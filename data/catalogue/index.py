"""The search index: FTS5 on SQLite, tsvector on PostgreSQL, over words we cut ourselves.

It is no mapped table: `create_all` makes it beside `products`, a migration calls
`create_search_index`. Autogenerate must ignore every name that starts with INDEX_TABLE.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, event, select, text
from sqlalchemy.orm import Session

from data.catalogue.models import Product, ProductTag, Variant
from data.catalogue.tokens import Tokenise, tokeniser_of

INDEX_TABLE = "product_index"
_CREATE = {
    "sqlite": [
        # Accents are folded by our own tokeniser or not at all; this one only splits at spaces.
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX_TABLE} USING fts5(product_id UNINDEXED, "
        "merchant, title, brand, description, attributes, "
        "tokenize = 'unicode61 remove_diacritics 0')",
    ],
    "postgresql": [
        f"CREATE TABLE IF NOT EXISTS {INDEX_TABLE} (product_id VARCHAR(32) PRIMARY KEY, "
        "merchant VARCHAR(32) NOT NULL, document TSVECTOR NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS ix_{INDEX_TABLE}_document ON {INDEX_TABLE}"
        " USING gin(document)",
    ],
}
_REMOVE = {
    "sqlite": f"DELETE FROM {INDEX_TABLE} WHERE rowid = :rowid",  # noqa: S608  # our own name
    "postgresql": f"DELETE FROM {INDEX_TABLE} WHERE product_id = :product_id",  # noqa: S608
}
_ADD = {
    "sqlite": f"INSERT INTO {INDEX_TABLE} (rowid, product_id, merchant, title, brand, description,"  # noqa: S608
    " attributes) VALUES (:rowid, :product_id, :merchant, :title, :brand, :description,"
    " :attributes)",
    "postgresql": f"INSERT INTO {INDEX_TABLE} VALUES (:product_id, :merchant,"  # noqa: S608
    " CAST(:document AS tsvector))",
}
# PostgreSQL keeps 16383 positions and 1 MB for a tsvector: a longer text is cut here, on both.
_MOST_TOKENS = 4000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one product, by how much a hit in them is worth."""

    product_id: str
    merchant: str
    title: Sequence[str]
    brand: Sequence[str]
    description: Sequence[str]
    attributes: Sequence[str]

    def row(self) -> dict[str, Any]:
        return {
            "rowid": _row_number(self.product_id),
            "product_id": self.product_id,
            "merchant": merchant_token(self.merchant),
            "title": " ".join(self.title),
            "brand": " ".join(self.brand),
            "description": " ".join(self.description),
            "attributes": " ".join(self.attributes),
            "document": " ".join(self._lexemes()),
        }

    def _lexemes(self) -> Iterator[str]:
        """The same as a tsvector literal; A to D are PostgreSQL's names for four weights."""
        parts = {"A": self.title, "B": self.brand, "C": self.description, "D": self.attributes}
        words = ((word, weight) for weight, words in parts.items() for word in words)
        for position, (word, weight) in enumerate(words, start=1):
            yield f"{postgresql_word(word)}:{position}{weight}"


def create_search_index(connection: Connection) -> None:
    """For a migration; doing it again changes nothing."""
    for statement in _CREATE[connection.dialect.name]:
        connection.execute(text(statement))


def drop_search_index(connection: Connection) -> None:
    connection.execute(text(f"DROP TABLE IF EXISTS {INDEX_TABLE}"))


def postgresql_word(word: str) -> str:
    """Quoted for a tsvector or tsquery, whatever a tokeniser of others let through."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def merchant_token(merchant_id: str) -> str:
    """One word for the index, which would split at the underscore."""
    return merchant_id.replace("_", "")


def index_products(session: Session, *, merchant_id: str, product_ids: Collection[str]) -> None:
    """Write these products' words anew; one that is gone leaves the index."""
    session.flush()
    dialect = session.get_bind().dialect.name
    for chunk in _chunks(sorted(product_ids)):
        session.execute(
            text(_REMOVE[dialect]), [{"rowid": _row_number(i), "product_id": i} for i in chunk]
        )
        rows = [entry.row() for entry in _entries(session, merchant_id, chunk)]
        if rows:
            session.execute(text(_ADD[dialect]), rows)


def reindex(session: Session, *, merchant_id: str) -> int:
    """All products of a shop: after another tokeniser was wired. Gives how many."""
    found = session.scalars(select(Product.id).where(Product.merchant_id == merchant_id)).all()
    index_products(session, merchant_id=merchant_id, product_ids=found)
    return len(found)


def _entries(session: Session, merchant_id: str, ids: Sequence[str]) -> Iterator[Entry]:
    cut = tokeniser_of(session)
    tags, labels = _tags(session, ids), _labels(session, ids)
    mine = (Product.merchant_id == merchant_id, Product.id.in_(ids))
    for product in session.scalars(select(Product).where(*mine)):
        names = product.extra.get("category_names", {})
        yield Entry(
            product.id,
            merchant_id,
            title=_words(cut, product.title.values()),
            brand=_words(cut, [product.brand]),
            description=_words(cut, product.description.values()),
            attributes=_words(
                cut, [product.category, *names.values(), *tags[product.id], *labels[product.id]]
            ),
        )


def _words(cut: Tokenise, texts: Iterable[str]) -> list[str]:
    return [token for each in texts for token in cut(each)][:_MOST_TOKENS]


def _tags(session: Session, ids: Sequence[str]) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for tag in session.scalars(select(ProductTag).where(ProductTag.product_id.in_(ids))):
        found[tag.product_id].append(tag.value.replace("_", " "))
    return found


def _labels(session: Session, ids: Sequence[str]) -> defaultdict[str, list[str]]:
    """Colours, sizes, materials of all variants, in every language they have."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for variant in session.scalars(select(Variant).where(Variant.product_id.in_(ids))):
        found[variant.product_id] += variant.attributes.values()
        for texts in variant.attribute_texts.values():
            found[variant.product_id] += texts.values()
    return found


def _row_number(product_id: str) -> int:
    """FTS5 finds a row to replace only by its number: 62 bits of a hash of the id."""
    return int.from_bytes(hashlib.sha256(product_id.encode()).digest()[:8]) >> 2


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _on_create(_table: Table, connection: Connection, **_options: Any) -> None:
    create_search_index(connection)


def _on_drop(_table: Table, connection: Connection, **_options: Any) -> None:
    drop_search_index(connection)


event.listen(Product.__table__, "after_create", _on_create)
event.listen(Product.__table__, "before_drop", _on_drop)
