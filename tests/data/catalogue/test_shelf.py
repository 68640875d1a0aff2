"""The shelf in memory never tells anything but what the database says, whoever wrote it there."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from data.catalogue import (
    FLOOR,
    Filters,
    Product,
    ProductTag,
    Shelf,
    ShopFloor,
    Shown,
    StockMove,
    Variant,
    commit_hold,
    hold_stock,
    import_rows,
    release_hold,
    search,
    shelf_of,
    sold_out,
)
from data.catalogue.popularity import units_sold
from data.catalogue.revisions import WATCHED
from data.catalogue.rows import CatalogueRow
from data.catalogue.shelf_reading import read_shelf
from data.catalogue.tokens import tokenise
from data.kernel.database import Database, table_of
from data.kernel.money import Money
from data.merchants import Merchant
from data.recommendations import Wish, suggest_gifts
from data.schema import create_schema
from tests.builders import NOW, a_merchant, a_product

LATER = NOW + timedelta(hours=1)
PRODUCTS, VARIANTS, TAGS = table_of(Product), table_of(Variant), table_of(ProductTag)


class TakenBack(Exception):
    pass


@pytest.fixture
def shop(each_database: Database) -> Iterator[Database]:
    """The same database with a floor of its own, as bot/app.py opens it."""
    floored = Database(
        each_database.engine.url.render_as_string(hide_password=False), info={FLOOR: ShopFloor()}
    )
    with floored.transaction() as session:
        merchant = a_merchant(session)
        a_product(session, merchant, title="青瓷茶具", price=8800, tags={"occasion": ["birthday"]})
    yield floored
    floored.close()


def the_shelf(session: Session) -> Shelf:
    return shelf_of(session, merchant_id=session.scalars(select(Merchant.id)).one())


def now_shown(database: Database) -> tuple[list[dict[str, str]], list[int], list[str]]:
    """Titles, prices and tags on the shelf, asked in a transaction of its own."""
    with database.reading() as session:
        shelf = the_shelf(session)
        return (
            [dict(article.title) for article in shelf.articles],
            [piece.price.minor for article in shelf.articles for piece in article.pieces],
            sorted(shelf.tagged),
        )


def test_a_shelf_is_read_once_as_long_as_nothing_on_it_changes(shop: Database) -> None:
    with shop.reading() as session:
        first = the_shelf(session)
    with shop.reading() as session:
        assert the_shelf(session) is first


def test_without_a_floor_a_shelf_is_read_for_every_question(each_database: Database) -> None:
    with each_database.transaction() as session:
        a_product(session, a_merchant(session))
        assert the_shelf(session) is not the_shelf(session)
        assert len(the_shelf(session).articles) == 1


def test_a_shop_without_any_goods_has_an_empty_shelf(shop: Database) -> None:
    with shop.transaction() as session:
        assert shelf_of(session, merchant_id=a_merchant(session).id).articles == ()


@pytest.mark.parametrize(
    "change",
    [
        update(VARIANTS).values(price_minor=100),
        update(VARIANTS).values(sale_price_minor=100),
        update(VARIANTS).values(attributes={"color": "red"}),
        update(VARIANTS).values(attribute_texts={"en": {"color": "red"}}),
        update(VARIANTS).values(state=Shown.HIDDEN),
        update(VARIANTS).values(currency="TWD"),
        update(VARIANTS).values(position=9),
        update(PRODUCTS).values(title={"en": "A pot"}),
        update(PRODUCTS).values(brand="Acme"),
        update(PRODUCTS).values(category="care"),
        update(PRODUCTS).values(external_id="another"),
        update(PRODUCTS).values(state=Shown.HIDDEN),
        update(TAGS).values(value="wedding"),
        delete(TAGS),
        delete(VARIANTS),
    ],
    ids=str,
)
def test_whatever_is_written_past_the_objects_is_seen_at_once(
    shop: Database, change: UpdateBase
) -> None:
    with shop.reading() as session:
        before = the_shelf(session)
    with shop.transaction() as session:
        session.execute(delete(StockMove))  # they refer to the variants
        session.execute(change)
    with shop.reading() as session:
        shelf = the_shelf(session)
        merchant_id = session.scalars(select(Merchant.id)).one()
        assert shelf is not before
        assert shelf.articles == read_shelf(session, merchant_id, tokenise).articles


def test_every_column_of_the_shelf_is_watched(shop: Database) -> None:
    """The statements that read it name no column that a trigger does not know."""
    read: list[str] = []
    event.listen(shop.engine, "before_cursor_execute", lambda *args: read.append(args[2]))
    with shop.reading() as session:
        read_shelf(session, session.scalars(select(Merchant.id)).one(), tokenise)
    ours = [one for one in read if any(f"FROM {table}" in one for table in WATCHED)]
    named = {
        (table, column.name)
        for table in WATCHED
        for column in Product.metadata.tables[table].columns
        if any(f"{table}.{column.name}" in one for one in ours)
    }
    unwatched = {(table, column) for table, column in named if column not in WATCHED[table]}
    assert {column for _, column in unwatched} == {"id", "merchant_id"}


def test_a_new_product_and_a_new_tag_are_seen_at_once(shop: Database) -> None:
    now_shown(shop)
    with shop.transaction() as session:
        merchant = session.scalars(select(Merchant)).one()
        a_product(session, merchant, title="围巾", price=500, external_id="zzz")
        first = session.scalars(select(Product.id).order_by(Product.created_at)).first()
        session.execute(
            insert(TAGS).values(
                product_id=first, kind="contains", value="nuts", merchant_id=merchant.id
            )
        )
    titles, prices, tags = now_shown(shop)
    assert {"zh-Hans": "围巾"} in titles
    assert 500 in prices
    assert tags == ["contains:nuts", "occasion:birthday"]


def test_an_import_is_seen_at_once_and_the_same_file_again_changes_nothing(shop: Database) -> None:
    def bring(minor: int) -> Shelf:
        row = CatalogueRow(1, "sku1", {"en": "A mug"}, Money(minor, "CNY"), quantity=3)
        with shop.transaction() as session:
            merchant_id = session.scalars(select(Merchant.id)).one()
            import_rows(session, merchant_id=merchant_id, rows=[row], dry_run=False, now=NOW)
        with shop.reading() as session:
            return the_shelf(session)

    now_shown(shop)
    first = bring(1500)
    assert 1500 in now_shown(shop)[1]
    assert bring(1500) is first
    bring(1200)
    assert sorted(now_shown(shop)[1]) == [1200, 8800]


def test_who_changes_the_catalogue_sees_it_changed_each_time(shop: Database) -> None:
    now_shown(shop)
    with shop.transaction() as session:
        for minor in (700, 600):
            for variant in session.scalars(select(Variant)):
                variant.price_minor = minor  # not yet written
            assert the_shelf(session).articles[0].pieces[0].price == Money(minor, "CNY")
        assert now_shown(shop)[1] == [8800]  # nobody else sees it before the end
    assert now_shown(shop)[1] == [600]


def test_a_change_that_is_taken_back_is_seen_by_nobody_afterwards(shop: Database) -> None:
    def change_and_fail(minor: int) -> None:
        with shop.transaction() as session:
            session.execute(update(VARIANTS).values(price_minor=minor))
            assert the_shelf(session).articles[0].pieces[0].price.minor == minor
            raise TakenBack

    now_shown(shop)
    with pytest.raises(TakenBack):
        change_and_fail(1)
    assert now_shown(shop)[1] == [8800]
    with shop.transaction() as session:
        session.execute(update(VARIANTS).values(price_minor=2))
    assert now_shown(shop)[1] == [2]


def test_a_savepoint_that_is_taken_back_brings_the_old_shelf_back(shop: Database) -> None:
    def prices(session: Session) -> list[int]:
        return [piece.price.minor for piece in the_shelf(session).articles[0].pieces]

    with shop.transaction() as session:
        attempt = session.begin_nested()
        session.execute(update(VARIANTS).values(price_minor=1))
        assert prices(session) == [1]
        attempt.rollback()
        assert prices(session) == [8800]
        session.execute(update(VARIANTS).values(price_minor=2))
        attempt = session.begin_nested()
        session.execute(update(VARIANTS).values(price_minor=3))
        assert prices(session) == [3]
        attempt.rollback()
        assert prices(session) == [2]
    assert now_shown(shop)[1] == [2]


def test_what_is_sold_out_is_offered_no_more_although_the_shelf_stays(shop: Database) -> None:
    def offered(session: Session) -> list[int]:
        merchant_id = session.scalars(select(Merchant.id)).one()
        asked = {"merchant_id": merchant_id, "limit": 3}
        wish = Wish(occasion="birthday")
        ideas = suggest_gifts(session, wish=wish, now=NOW, **asked)  # type: ignore[arg-type]  # mixed values
        found = search(session, query="茶具", filters=Filters(), **asked)  # type: ignore[arg-type]  # mixed values
        return [len(ideas), len(found)]

    with shop.transaction() as session:
        before = the_shelf(session)
        assert offered(session) == [1, 1]
        variant = session.scalars(select(Variant)).one()
        hold_stock(
            session, variant_id=variant.id, quantity=5, owner_ref="o", expires_at=LATER, now=NOW
        )
        assert offered(session) == [0, 0]
        assert sold_out(session, merchant_id=variant.merchant_id) == {variant.id}
    with shop.transaction() as session:
        assert offered(session) == [0, 0]
        release_hold(session, owner_ref="o", now=NOW)
        assert offered(session) == [1, 1]
        assert the_shelf(session) is before


def test_two_copies_of_a_database_share_no_shelf(tmp_path: Path) -> None:
    first = Database(f"sqlite:///{tmp_path}/here.db", info={FLOOR: ShopFloor()})
    create_schema(first)
    with first.transaction() as session:
        a_product(session, a_merchant(session), price=100)
    assert now_shown(first)[1] == [100]
    first.close()
    shutil.copyfile(tmp_path / "here.db", tmp_path / "there.db")
    here, there = (
        Database(f"sqlite:///{tmp_path}/{name}.db", info={FLOOR: ShopFloor()})
        for name in ("here", "there")
    )
    with there.transaction() as session:
        session.execute(update(VARIANTS).values(price_minor=300))
    assert (now_shown(here)[1], now_shown(there)[1]) == ([100], [300])
    here.close()
    there.close()


def test_many_who_ask_for_a_changed_shelf_at_once_read_it_once(shop: Database) -> None:
    read: list[str] = []
    event.listen(
        shop.engine,
        "before_cursor_execute",
        lambda *args: read.append(args[2]) if "FROM variants" in args[2] else None,
    )

    def ask(_: int) -> Shelf:
        with shop.reading() as session:
            return the_shelf(session)

    with ThreadPoolExecutor(4) as threads:
        shelves = list(threads.map(ask, range(12)))
    assert len(read) == 1
    assert all(shelf is shelves[0] for shelf in shelves)


def test_shelves_that_nobody_asked_for_lately_are_given_up(database: Database) -> None:
    floor = ShopFloor(most_articles=2)
    empty = Shelf((), {}, {}, {}, ())
    with database.transaction() as session:
        merchant = a_merchant(session)
        a_product(session, merchant)
        one = read_shelf(session, merchant.id, tokenise)
    keys = [("m", str(number), tokenise) for number in range(3)]
    for key in keys[:2]:
        floor.shelf(key, lambda: one)
    floor.shelf(keys[0], lambda: empty)  # asked for again
    floor.shelf(keys[2], lambda: one)
    assert floor.shelf(keys[0], lambda: empty) is one
    assert floor.shelf(keys[1], lambda: empty) is empty


def test_what_was_sold_is_counted_again_after_a_while(shop: Database) -> None:
    with shop.transaction() as session:
        variant = session.scalars(select(Variant)).one()
        asked = {"session": session, "merchant_id": variant.merchant_id}
        assert units_sold(**asked, now=NOW) == {}  # type: ignore[arg-type]  # mixed values
        hold_stock(
            session, variant_id=variant.id, quantity=2, owner_ref="o", expires_at=LATER, now=NOW
        )
        commit_hold(session, owner_ref="o", now=NOW)
        assert units_sold(**asked, now=NOW + timedelta(minutes=4)) == {}  # type: ignore[arg-type]
        counted = {variant.product_id: 2}
        assert units_sold(**asked, now=LATER) == counted  # type: ignore[arg-type]
        assert units_sold(**asked, now=NOW) == counted  # type: ignore[arg-type]
