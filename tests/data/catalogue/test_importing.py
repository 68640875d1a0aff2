"""A feed on the shelf: once, again, changed, broken, dry."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import (
    CatalogueRow,
    Filters,
    ImportReport,
    Product,
    ReadFeed,
    RowError,
    StockMove,
    Variant,
    attributes_in,
    commit_hold,
    hold_stock,
    import_feed,
    import_rows,
    price_of,
    search,
    tags_of,
    variants_of,
)
from data.kernel.database import Database
from data.kernel.money import Money
from data.merchants import Merchant
from tests.builders import NOW, a_merchant

LATER = NOW + timedelta(minutes=10)


def a_row(number: int = 2, external_id: str = "pot-green", **said: object) -> CatalogueRow:
    row = CatalogueRow(
        number=number,
        external_id=external_id,
        title={"": "青瓷茶壶", "en": "Celadon teapot"},
        price=Money(16800, "CNY"),
        group_id="pot",
        quantity=5,
        attributes={"color": {"": "青", "en": "green"}},
        tags=(("category", "tea"), ("recipient", "mother")),
        extra={"condition": "new"},
    )
    return replace(row, **said)  # type: ignore[arg-type]  # a test's shorthand


BLUE = a_row(3, "pot-blue", attributes={"color": {"": "蓝", "en": "blue"}}, price=Money(9, "CNY"))


def take(
    session: Session, shop: Merchant, *rows: CatalogueRow, dry_run: bool = False
) -> ImportReport:
    return import_rows(session, merchant_id=shop.id, rows=rows, dry_run=dry_run, now=NOW)


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.created, report.updated, report.unchanged


def the(session: Session, external_id: str = "pot-green") -> Variant:
    return session.scalars(select(Variant).where(Variant.external_id == external_id)).one()


def moved(session: Session, variant: Variant) -> int:
    mine = StockMove.variant_id == variant.id
    return session.scalar(select(func.coalesce(func.sum(StockMove.delta), 0)).where(mine)) or 0


def test_rows_of_one_group_become_variants_of_one_product(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        assert counts(take(session, shop, a_row(), BLUE)) == (2, 0, 0)
        product = session.scalars(select(Product)).one()
        assert product.external_id == "pot"
        assert product.title == {"zh-Hans": "青瓷茶壶", "en": "Celadon teapot"}
        assert (product.category, product.extra["condition"]) == ("tea", "new")
        variants = variants_of(session, merchant_id=shop.id, product_id=product.id)
        assert [each.external_id for each in variants] == ["pot-green", "pot-blue"]
        assert [attributes_in(each, "en")["color"] for each in variants] == ["green", "blue"]
        assert attributes_in(variants[0], "zh-Hant") == {"color": "青"}
        assert ("recipient", "mother") in tags_of(
            session, merchant_id=shop.id, product_id=product.id
        )


def test_the_same_file_again_changes_nothing(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row(), BLUE)
        assert counts(take(session, shop, a_row(), BLUE)) == (0, 0, 2)
        shuffled = (replace(BLUE, number=2), a_row(3))
        assert counts(take(session, shop, *shuffled)) == (0, 0, 2)
        assert session.scalar(select(func.count()).select_from(Product)) == 1
        assert moved(session, the(session)) == 5


def test_a_changed_row_changes_its_variant_and_the_first_row_its_product(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row(), BLUE)
        changed = a_row(
            title={"": "白瓷茶壶"}, sale_price=Money(8800, "CNY"), tags=(("recipient", "father"),)
        )
        assert counts(take(session, shop, changed, BLUE)) == (0, 1, 1)
        product = session.scalars(select(Product)).one()
        assert product.title == {"zh-Hans": "白瓷茶壶"}
        assert price_of(the(session)) == Money(8800, "CNY")
        kinds = tags_of(session, merchant_id=shop.id, product_id=product.id)
        assert kinds == {("recipient", "father")}
        found = [
            len(search(session, merchant_id=shop.id, query=q, filters=Filters(), limit=3))
            for q in ("白瓷", "celadon")
        ]
        assert found == [1, 0]


def test_a_dry_run_reports_the_truth_and_leaves_no_trace(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        foreign = a_row(4, "usd", price=Money(1, "USD"))
        dry = take(session, shop, a_row(), BLUE, foreign, dry_run=True)
        assert session.scalar(select(func.count()).select_from(Variant)) == 0
        assert search(session, merchant_id=shop.id, query="青瓷", filters=Filters(), limit=3) == []
        wet = take(session, shop, a_row(), BLUE, foreign)
        assert (counts(dry), dry.errors) == (counts(wet), wet.errors)
        assert counts(wet) == (2, 0, 0)


def test_a_dry_run_over_a_full_shop_changes_nothing_either(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row())
        dry = take(session, shop, a_row(title={"": "新壶"}, quantity=1), dry_run=True)
        assert counts(dry) == (0, 1, 0)
        assert session.scalars(select(Product)).one().title["en"] == "Celadon teapot"
        assert the(session).on_hand == 5


def test_foreign_money_and_repeated_ids_are_refused_by_row(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        report = take(
            session,
            shop,
            a_row(2),
            a_row(3),
            a_row(4, "eur", price=Money(1, "EUR")),
            a_row(5, "mixed", sale_price=Money(1, "EUR")),
            a_row(6, "fine"),
        )
        assert counts(report) == (2, 0, 0)
        assert [(error.row, error.field, error.code) for error in report.errors] == [
            (3, "id", "import_duplicate_id"),
            (4, "price", "import_wrong_currency"),
            (5, "price", "import_wrong_currency"),
        ]
        assert report.errors[0].values == {"id": "pot-green", "first_row": 2}
        assert report.errors[1].values == {"currency": "EUR", "expected": "CNY"}


def test_what_was_sold_stays_sold_when_the_same_file_comes_again(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row())
        sell(session, the(session), 3)
        take(session, shop, a_row(title={"": "换了名字"}))
        variant = the(session)
        assert (variant.on_hand, variant.held) == (2, 0)
        take(session, shop, a_row(quantity=9))
        assert the(session).on_hand == 9
        assert moved(session, variant) == 9


def sell(session: Session, variant: Variant, quantity: int) -> None:
    hold(session, variant, quantity, "ord_sold")
    commit_hold(session, owner_ref="ord_sold", now=NOW)


def hold(session: Session, variant: Variant, quantity: int, owner: str) -> None:
    hold_stock(
        session,
        variant_id=variant.id,
        quantity=quantity,
        owner_ref=owner,
        expires_at=LATER,
        now=NOW,
    )


@pytest.mark.parametrize("said", [{"quantity": 1}, {"in_stock": False}])
def test_a_feed_never_takes_away_what_is_promised(
    each_database: Database, said: dict[str, object]
) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row())
        hold(session, the(session), 3, "ord_1")
        take(session, shop, a_row(**said))
        variant = the(session)
        assert (variant.on_hand, variant.held) == (3, 3)
        assert moved(session, variant) == 3


def test_a_file_that_does_not_count_gets_the_declared_number(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop, own = a_merchant(session), a_merchant(session, settings={"assumed_stock": 3})
        take(session, shop, a_row(2, "a", quantity=None), a_row(3, "b", in_stock=False))
        take(session, own, a_row(2, "c", quantity=None))
        assert [the(session, name).on_hand for name in "abc"] == [10, 0, 3]


def test_two_shops_may_use_the_same_ids(each_database: Database) -> None:
    with each_database.transaction() as session:
        ours, theirs = a_merchant(session), a_merchant(session)
        take(session, ours, a_row())
        assert counts(take(session, theirs, a_row())) == (1, 0, 0)
        assert session.scalar(select(func.count()).select_from(Product)) == 2


def test_a_variant_may_move_to_another_product(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        take(session, shop, a_row(), BLUE)
        take(session, shop, a_row(), replace(BLUE, group_id="", title={"": "蓝壶"}))
        product = session.get_one(Product, the(session, "pot-blue").product_id)
        assert (product.external_id, product.title) == ("pot-blue", {"zh-Hans": "蓝壶"})


def test_complaints_of_reader_and_importer_come_in_order_of_rows(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        read = ReadFeed(
            rows=(a_row(2), a_row(3, "usd", price=Money(1, "USD"))),
            errors=(RowError(4, "id", "import_missing"), RowError(1, "", "import_cell_count")),
        )
        report = import_feed(session, merchant_id=shop.id, feed=read, dry_run=False, now=NOW)
        assert [error.row for error in report.errors] == [1, 3, 4]
        assert report.created == 1
