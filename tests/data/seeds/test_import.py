"""The shop reaches the shelves through the same importer as any merchant's."""

from sqlalchemy.orm import Session

from data.catalogue import (
    Filters,
    count_products,
    find_by_gtin,
    import_feed,
    search,
    tags_of,
    text_in,
)
from data.kernel.database import Database
from data.kernel.money import Money
from data.merchants import Merchant
from data.seeds.build import FEED
from integrations.catalogues import read_google_feed
from tests.builders import NOW, a_merchant
from tests.data.seeds.shop import gifts, rows


def opened(session: Session) -> Merchant:
    merchant = a_merchant(session)
    feed = read_google_feed(FEED.read_bytes())
    report = import_feed(session, merchant_id=merchant.id, feed=feed, dry_run=False, now=NOW)
    assert (report.errors, report.notes) == ([], [])
    assert report.created == len(rows())
    return merchant


def test_the_whole_shop_is_imported_and_a_second_time_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        merchant = opened(session)
        assert count_products(session, merchant_id=merchant.id) == len(gifts())
        again = read_google_feed(FEED.read_bytes())
        report = import_feed(session, merchant_id=merchant.id, feed=again, dry_run=False, now=NOW)
        assert (report.created, report.updated, report.unchanged) == (0, 0, len(rows()))


def test_a_variant_is_found_by_its_number_with_all_its_words(database: Database) -> None:
    with database.transaction() as session:
        merchant = opened(session)
        row = rows()[0]
        variant = find_by_gtin(session, merchant_id=merchant.id, gtin=row["gtin"])
        assert variant is not None
        assert variant.on_hand == int(row["quantity"])
        assert variant.attribute_texts["en"]["color"] == row["color_en"]
        tags = tags_of(session, merchant_id=merchant.id, product_id=variant.product_id)
        assert ("recipient", "mother") in tags


def test_a_teapot_is_found_in_three_languages(database: Database) -> None:
    with database.transaction() as session:
        merchant = opened(session)
        for words in ("茶壶", "茶壺", "teapot"):
            filters = Filters(max_price=Money.of("300.00", "CNY"))
            found = search(session, merchant_id=merchant.id, query=words, filters=filters, limit=3)
            titles = [text_in(each.product.title, "en") for each in found]
            assert "Round-bellied teapot" in titles
