"""Gift ideas for a person and a day: hard rules first, then scores, then variety, then reasons."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.catalogue import Filters, Product, Variant
from data.catalogue.filters import sieve_of
from data.catalogue.popularity import units_sold
from data.catalogue.shelf import Shelf
from data.catalogue.tokens import tokeniser_of
from data.kernel.database import table_of
from data.kernel.money import Money
from data.kernel.prepared import Prepared
from data.recommendations.candidates import candidates, forbidden_for_age, outgrown
from data.recommendations.diversity import pick_unlike
from data.recommendations.reasons import reasons_of
from data.recommendations.scoring import Occasion, Scored, fits, score
from data.recommendations.wishes import Idea, Wish

_VARIANTS = table_of(Variant).c
_LEFT = Prepared(
    select(_VARIANTS.on_hand - _VARIANTS.held).where(_VARIANTS.id == bindparam("variant"))
)


def suggest_gifts(  # noqa: PLR0913  # all that a chat may know about a wish
    session: Session,
    *,
    merchant_id: str,
    wish: Wish,
    seen: Collection[str] = (),
    given_before: Collection[str] = (),
    cheaper_than: Money | None = None,
    below: Money | None = None,
    dearer_than: Money | None = None,
    limit: int = 3,
    now: datetime,
) -> list[Idea]:
    """Ideas that keep every rule; fewer than `limit`, even none, rather than one that does not.

    `seen` and `given_before` are product ids that are not suggested again. `cheaper_than` is
    asked for now and said of each idea; `below` is a bound that stands from earlier.
    """
    filters = Filters(
        min_price=wish.budget_min,
        max_price=wish.budget_max,
        below=cheaper_than or below,
        above=dearer_than,
        excluded=(*wish.excluded, *forbidden_for_age(wish), *outgrown(wish)),
        without=frozenset([*seen, *given_before]),
    )
    sieve = sieve_of(session, merchant_id=merchant_id, filters=filters)
    found = candidates(sieve, wish)
    sold = units_sold(session, merchant_id=merchant_id, now=now)
    occasion = Occasion.of(
        wish,
        cut=tokeniser_of(session),
        now=now,
        sold=sold,
        most_sold=max([sold[one.id] for one, _ in found if one.id in sold], default=0),
        given_categories=_categories(session, sieve.shelf, merchant_id, given_before),
        cheaper_than=cheaper_than,
    )
    scored = [score(one, occasion) for one in found if fits(one[0], occasion)]
    chosen = pick_unlike(scored, limit)
    return _ideas(session, chosen, occasion)


def _ideas(session: Session, chosen: Sequence[Scored], occasion: Occasion) -> list[Idea]:
    """How many are left is no part of the shelf, so it is asked of what is shown."""
    counted = [(each, int(_LEFT.scalar(session, variant=each.piece.id) or 0)) for each in chosen]
    return [
        Idea(each.article, each.piece, available, reasons)
        for (each, available), reasons in zip(counted, reasons_of(counted, occasion), strict=True)
    ]


def _categories(
    session: Session, shelf: Shelf, merchant_id: str, ids: Collection[str]
) -> frozenset[str]:
    """Also of what was given once and is on the shelf no more."""
    there = [article for one in ids if (article := shelf.get(one))]
    gone = set(ids).difference(article.id for article in there)
    if not gone:
        return frozenset([article.category for article in there])
    mine = (Product.merchant_id == merchant_id, Product.id.in_(gone))
    others = session.scalars(select(Product.category).where(*mine))
    return frozenset([*(article.category for article in there), *others])
