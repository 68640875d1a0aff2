"""The shelves of all shops of one database, each kept as long as its catalogue's revision stands.

Goes along in `Session.info[FLOOR]`; where it is missing, a shelf is read anew for every question.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.catalogue.models import Variant
from data.catalogue.revisions import REVISION
from data.catalogue.shelf import Sales, Shelf
from data.catalogue.shelf_reading import read_shelf
from data.catalogue.tokens import Tokenise, tokeniser_of
from data.kernel.database import table_of
from data.kernel.prepared import Prepared, settle

FLOOR = "shop_floor"  # the key in Session.info
# A product with two variants takes 8 KB (measured with 5,000 of them): some 80 MB at most.
_MOST_ARTICLES = 10_000
_TRIES = 3  # a catalogue that changes while it is read, three times in a row, is not kept
_VARIANTS = table_of(Variant).c
_SOLD_OUT = Prepared(
    select(_VARIANTS.id).where(
        _VARIANTS.merchant_id == bindparam("merchant_id"), _VARIANTS.held >= _VARIANTS.on_hand
    )
)
_REVISION = {dialect: Prepared(statement) for dialect, statement in REVISION.items()}

Key = tuple[str, str, Tokenise]  # merchant, revision, who cut the words


class ShopFloor:
    """Shelves by revision, those asked for least recently given up first."""

    def __init__(self, most_articles: int = _MOST_ARTICLES) -> None:
        self._most = most_articles
        self.sales: dict[str, Sales] = {}  # by merchant; popularity.py counts them
        self._shelves: OrderedDict[Key, Shelf] = OrderedDict()
        self._kept = Lock()
        # One reader at a time, or everybody who waits for a new shelf reads it. Nobody who reads
        # waits for a row, so who waits here while holding one waits for no circle.
        self._reading = Lock()

    def shelf(self, key: Key, read: Callable[[], Shelf | None]) -> Shelf | None:
        """The one kept under this key, else what is read now; None is given but not kept."""
        shelf = self._get(key)
        if shelf is not None:
            return shelf
        with self._reading:
            shelf = self._get(key)  # somebody else may have read it meanwhile
            if shelf is None and (shelf := read()) is not None:
                self._keep(key, shelf)
        return shelf

    def _get(self, key: Key) -> Shelf | None:
        with self._kept:
            shelf = self._shelves.get(key)
            if shelf is not None:
                self._shelves.move_to_end(key)
            return shelf

    def _keep(self, key: Key, shelf: Shelf) -> None:
        with self._kept:
            self._shelves[key] = shelf
            articles = sum(len(each.articles) for each in self._shelves.values())
            while articles > self._most and len(self._shelves) > 1:
                _, oldest = self._shelves.popitem(last=False)
                articles -= len(oldest.articles)


def shelf_of(session: Session, *, merchant_id: str) -> Shelf:
    """What this transaction sees on the merchant's shelf, its own changes included."""
    settle(session)
    cut, floor = tokeniser_of(session), session.info.get(FLOOR)
    if isinstance(floor, ShopFloor):
        for _ in range(_TRIES):
            revision = _revision(session, merchant_id)
            if revision is None:
                break
            shelf = _shelf_on(floor, session, (merchant_id, revision, cut))
            if shelf is not None:
                return shelf
    return read_shelf(session, merchant_id, cut)


def sold_out(session: Session, *, merchant_id: str) -> frozenset[str]:
    """Ids of the variants of which nothing is free to promise, now."""
    return frozenset([row[0] for row in _SOLD_OUT.rows(session, merchant_id=merchant_id)])


def _shelf_on(floor: ShopFloor, session: Session, key: Key) -> Shelf | None:
    """None where the catalogue changed while it was read."""
    merchant_id, revision, cut = key

    def read() -> Shelf | None:
        shelf = read_shelf(session, merchant_id, cut)
        # Where each statement sees what was committed before it, a change may have come between.
        return shelf if _revision(session, merchant_id) == revision else None

    return floor.shelf(key, read)


def _revision(session: Session, merchant_id: str) -> str | None:
    asked = _REVISION[session.get_bind().dialect.name]
    revision: str | None = asked.scalar(session, merchant_id=merchant_id)
    return revision
