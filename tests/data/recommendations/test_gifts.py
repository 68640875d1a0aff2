"""Single rules of the recommender, on shops of two or three products."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.catalogue import commit_hold, hold_stock
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.merchants import Merchant
from data.recommendations import Idea, Reason, Wish, suggest_gifts
from tests.builders import NOW, a_merchant, a_product, the_variant


def ideas_for(session: Session, shop: Merchant, asked: Wish, **more: object) -> list[Idea]:
    return suggest_gifts(session, merchant_id=shop.id, wish=asked, **{"now": NOW, **more})  # type: ignore[arg-type]  # a test's shorthand


def titles(ideas: list[Idea]) -> list[str]:
    return [idea.product.title["en"] for idea in ideas]


def test_an_empty_shop_has_no_ideas(each_database: Database) -> None:
    with each_database.transaction() as session:
        assert ideas_for(session, a_merchant(session), Wish("mother", "birthday")) == []


def test_the_better_match_comes_first_on_both_databases(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        a_product(session, shop, title={"en": "Plain mug"}, category="kitchen")
        a_product(
            session, shop, title={"en": "Tea set"}, category="tea",
            tags={"recipient": ["mother"], "interest": ["tea"], "occasion": ["birthday"]},
        )  # fmt: skip
        ideas = ideas_for(session, shop, Wish("mother", "birthday", interests=("tea",)))
        assert titles(ideas) == ["Tea set", "Plain mug"]
        assert [reason.code for reason in ideas[0].reasons] == [
            "reason_interest",
            "reason_for_recipient",
        ]
        assert [reason.code for reason in ideas[1].reasons] == ["reason_in_stock"]


def test_sold_out_and_over_budget_goods_are_no_ideas(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        a_product(session, shop, title={"en": "Gone"}, on_hand=0)
        a_product(session, shop, title={"en": "Dear"}, price=30001)
        a_product(session, shop, title={"en": "Exactly"}, price=30000)
        ideas = ideas_for(session, shop, Wish(budget_max=Money(30000, "CNY")))
        assert titles(ideas) == ["Exactly"]
        assert "reason_in_budget" not in [reason.code for reason in ideas[0].reasons]
        with pytest.raises(Invalid):
            ideas_for(session, shop, Wish(budget_max=Money(300, "USD")))


def test_a_season_counts_when_it_is_there(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        for season in ("summer", "autumn", "all"):
            a_product(
                session, shop, title={"en": season}, category=season, tags={"season": [season]}
            )
        assert titles(ideas_for(session, shop, Wish())) == ["autumn", "all", "summer"]
        july = NOW.replace(month=7)
        first = ideas_for(session, shop, Wish(), now=july)[0]
        assert first.reasons[0] == Reason("reason_in_season", {"season": "summer"})


def test_what_others_bought_lately_comes_first_among_equals(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        a_product(session, shop, title={"en": "A"}, external_id="a", category="x")
        loved = a_product(session, shop, title={"en": "B"}, external_id="b", category="y")
        assert titles(ideas_for(session, shop, Wish())) == ["A", "B"]
        hold_stock(
            session,
            variant_id=the_variant(session, loved).id,
            quantity=2,
            owner_ref="ord_1",
            expires_at=NOW + timedelta(hours=1),
            now=NOW,
        )
        commit_hold(session, owner_ref="ord_1", now=NOW)
        assert titles(ideas_for(session, shop, Wish())) == ["B", "A"]
        year_later = NOW + timedelta(days=365)
        assert titles(ideas_for(session, shop, Wish(), now=year_later)) == ["A", "B"]


def test_a_free_word_in_the_title_is_an_interest_too(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        a_product(session, shop, title={"en": "Lamp", "zh-Hans": "台灯"}, external_id="a")
        a_product(session, shop, title={"en": "Kite", "zh-Hans": "风筝"}, external_id="b")
        first = ideas_for(session, shop, Wish(interests=("风筝",)))[0]
        assert first.product.title["en"] == "Kite"
        assert first.reasons[0] == Reason("reason_interest", {"interest": "风筝"})


def test_another_merchants_goods_are_no_ideas(each_database: Database) -> None:
    with each_database.transaction() as session:
        ours, theirs = a_merchant(session), a_merchant(session)
        a_product(session, theirs, title={"en": "Theirs"})
        assert ideas_for(session, ours, Wish()) == []
