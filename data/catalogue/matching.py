"""Asks the index: which products have these words, and how well. The only place that knows how
FTS5 and tsquery spell a question; every word of a person is quoted, so none of it is syntax.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

from sqlalchemy import CTE, Float, String, TextClause, bindparam, text
from sqlalchemy.orm import Session

from data.catalogue.index import INDEX_TABLE, merchant_token, postgresql_word

# Title 5, brand 2, description 1, attributes 0.5; PostgreSQL wants them as shares, D C B A.
_ASK = {
    "sqlite": f"SELECT product_id, -bm25({INDEX_TABLE}, 0, 0, 5, 2, 1, 0.5) AS score"  # noqa: S608
    f" FROM {INDEX_TABLE} WHERE {INDEX_TABLE} MATCH :question",
    # 1: divided by 1 + log(length), or long descriptions win.
    "postgresql": "SELECT product_id, ts_rank('{0.1, 0.2, 0.4, 1.0}', document,"  # noqa: S608
    f" CAST(:question AS tsquery), 1) AS score FROM {INDEX_TABLE}"
    " WHERE merchant = :merchant AND document @@ CAST(:question AS tsquery)",
}


# Any of these groups, and of a group all words.
Question = Sequence[Sequence[str]]


def all_of(words: Sequence[str]) -> Question:
    return [words]


def any_of(words: Sequence[str]) -> Question:
    return [[word] for word in words]


def any_two_of(words: Sequence[str]) -> Question:
    return list(combinations(words, 2))


def products_with(
    session: Session, merchant_id: str, question: Question, *, in_title: bool = False
) -> CTE:
    """`product_id` and `score`, higher is better; `in_title`: title and brand only."""
    dialect = session.get_bind().dialect.name
    merchant = merchant_token(merchant_id)
    if dialect == "sqlite":
        asked = _bound(_ASK[dialect], question=_fts5(merchant, question, in_title))
    else:
        asked = _bound(_ASK[dialect], question=_tsquery(question, in_title), merchant=merchant)
    hits = asked.columns(product_id=String, score=Float).cte()
    # Else SQLite may ask the index once per product instead of once.
    return hits.prefix_with("MATERIALIZED")


def _bound(statement: str, **values: str) -> TextClause:
    """Unique names: one SELECT may ask the index several times."""
    named = (bindparam(name, value, String, unique=True) for name, value in values.items())
    return text(statement).bindparams(*named)


def _fts5(merchant: str, question: Question, in_title: bool) -> str:
    columns = "{title brand} : " if in_title else ""
    return (
        f'merchant : "{merchant}" AND {columns}({_groups(question, _fts5_word, " AND ", " OR ")})'
    )


def _tsquery(question: Question, in_title: bool) -> str:
    places = ":AB" if in_title else ""
    return _groups(question, lambda word: postgresql_word(word) + places, " & ", " | ")


def _groups(question: Question, quoted: Callable[[str], str], both: str, either: str) -> str:
    groups = (both.join(quoted(word) for word in group) for group in question)
    return either.join(f"({group})" for group in groups)


def _fts5_word(word: str) -> str:
    escaped = word.replace('"', '""')
    return f'"{escaped}"'
