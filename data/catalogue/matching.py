"""Asks the index: which products have these words, and how well. The only place that knows how
FTS5 and tsquery spell a question; every word of a person is quoted, so none of it is syntax.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.catalogue.index import INDEX_TABLE, merchant_token, postgresql_word
from data.catalogue.questions import Place, Question, Term, Wish

# bm25 is satisfied by any one place, however light: five mentions in a text would outdo a title.
# So the label (title 3, brand 1, category and tags 0.4) is scored alone and counts four times,
# and everything, the text included, once. PostgreSQL wants weights in the order D C B A; its 1
# divides by 1 + log(length), or long descriptions win.
_ON_LABEL = f"-4 * bm25({INDEX_TABLE}, 0, 0, 3, 1, 0, 0.4)"
_ALL_OF_IT = f"{_ON_LABEL} - bm25({INDEX_TABLE}, 0, 0, 5, 2, 1, 1)"
_ASK = {
    "sqlite": "SELECT product_id, {score} AS score"  # noqa: S608  # one of the two above
    f" FROM {INDEX_TABLE} WHERE {INDEX_TABLE} MATCH :question ORDER BY score DESC, product_id",
    "postgresql": "SELECT product_id,"  # noqa: S608
    " 4 * ts_rank('{0.3, 0, 0.6, 1.0}', document, CAST(:words AS tsquery), 1)"
    " + ts_rank('{0.3, 0.2, 0.6, 1.0}', document, CAST(:words AS tsquery), 1)"
    " + 5 * ts_rank('{0.3, 0, 0.6, 1.0}', document, CAST(:liked AS tsquery), 1) AS score"
    f" FROM {INDEX_TABLE} WHERE merchant = :merchant AND document @@ CAST(:question AS tsquery)"
    " ORDER BY score DESC, product_id",
}


def products_with(
    session: Session, merchant_id: str, question: Question
) -> Sequence[tuple[str, float]]:
    """Ids with their scores, the best first: hidden ones too, which only the shelf knows."""
    dialect = session.get_bind().dialect.name
    merchant = merchant_token(merchant_id)
    if dialect == "sqlite":
        # Goods have many names, and bm25 counts each name in the whole index: once is enough.
        score = _ON_LABEL if question.is_of_goods else _ALL_OF_IT
        asked = text(_ASK[dialect].format(score=score))
        values = {"question": _fts5(merchant, question)}
    else:
        asked = text(_ASK[dialect])
        values = {
            "question": _TSQUERY.every(question.need),
            "words": _words(question.need),
            "liked": _words(question.liked or question.need),
            "merchant": merchant,
        }
    return [(product_id, score) for product_id, score in session.execute(asked, values)]


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How one engine writes and, or, not and the place of a term."""

    both: str
    either: str
    without: str
    term: Callable[[Term, str], str]
    places: Mapping[Place, str]
    adds_up: bool  # a term asked for twice counts twice

    def every(self, wishes: Iterable[Wish]) -> str:
        return self.both.join(self._one(wish) for wish in wishes)

    def any(self, wishes: Iterable[Wish]) -> str:
        terms = (
            (term, wish.place_of(term))
            for wish in wishes
            for term in (*wish.terms, *(wish.best if self.adds_up else ()))
        )
        return self.either.join(self.term(term, self.places[place]) for term, place in terms)

    def _one(self, wish: Wish) -> str:
        meant, never = self.any([wish]), self.any([Wish(wish.never, Place.TITLE)])
        return f"(({meant}){self.without}({never}))" if never else f"({meant})"


def _fts5(merchant: str, question: Question) -> str:
    needed = _FTS5.every(question.need)
    # FTS5 scores only what stands in the question, so what would be liked is asked for as well.
    likes = _FTS5.any(question.like)
    liked = f" AND (({needed}) OR {likes})" if likes else ""
    return f'merchant : "{merchant}" AND ({needed}){liked}'


def _words(wishes: Iterable[Wish]) -> str:
    """For ranking: ts_rank weighs the nearness of words that must all be there, bm25 does not."""
    words = dict.fromkeys(word for wish in wishes for term in wish.terms for word in term)
    return " | ".join(map(postgresql_word, words))


def _fts5_word(word: str) -> str:
    escaped = word.replace('"', '""')
    return f'"{escaped}"'


_FTS5 = _Spelling(
    " AND ",
    " OR ",
    " NOT ",
    lambda term, place: f"{place}({' AND '.join(map(_fts5_word, term))})",
    {
        Place.ANYWHERE: "",
        Place.LABEL: "{title brand attributes} : ",
        Place.TITLE: "{title brand} : ",
        Place.MARKS: "{attributes} : ",
    },
    adds_up=True,
)
_TSQUERY = _Spelling(
    " & ",
    " | ",
    " & !",
    lambda term, place: f"({' & '.join(postgresql_word(word) + place for word in term)})",
    # As index.py gives them out: title A, brand B, description C, the rest D.
    {Place.ANYWHERE: "", Place.LABEL: ":ABD", Place.TITLE: ":AB", Place.MARKS: ":D"},
    adds_up=False,
)
