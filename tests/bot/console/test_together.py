"""Orders that a group fills together in the console: their terms, and one box for all of them."""

from datetime import timedelta

import pytest

from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant, StaffRole
from data.orders import Address, NewLine
from data.people import Person
from data.split_orders import (
    SplitTerms,
    close_split,
    join_split,
    open_split,
    set_split_terms,
    split_terms_of,
)
from tests.bot.builders import a_payment, settle
from tests.bot.conftest import Browser, SignIn, Street
from tests.builders import a_person

TERMS = "/prices/together"
BY = "owner@ours.example"
GIVEN = {"minimum": "100", "fee": "12.50", "free_from": "300"}


def _kept(street: Street) -> SplitTerms | None:
    with street.tuanzi.database.reading() as session:
        return split_terms_of(session.get_one(Merchant, street.ours.merchant))


def test_the_terms_are_set_and_taken_away(owner: Browser, street: Street) -> None:
    assert "Not offered." in owner.get("/prices").text
    assert owner.post(TERMS, **GIVEN).status_code == 303
    assert _kept(street) == SplitTerms(Money(10000, "CNY"), Money(1250, "CNY"), Money(30000, "CNY"))
    page = owner.get(TERMS).text
    assert 'value="12.50"' in page
    assert "(from 100.00, delivery 12.50)" in page
    assert "From CN¥100" in owner.get("/prices").text
    owner.post(TERMS, minimum="0", fee="0")
    assert _kept(street) == SplitTerms(Money(0, "CNY"), Money(0, "CNY"))
    owner.post(f"{TERMS}/remove")
    assert _kept(street) is None
    assert owner.get(TERMS).text.count(BY) == 3


@pytest.mark.parametrize("field", list(GIVEN))
@pytest.mark.parametrize("wrong", ["-1", "ten", "1.005", "nan", "1e12"])
def test_what_makes_no_sense_is_said_beside_its_field(
    owner: Browser, street: Street, field: str, wrong: str
) -> None:
    answer = owner.post(TERMS, **GIVEN | {field: wrong})
    assert answer.status_code == 422
    assert f'id="{field}-note"' in answer.text
    assert _kept(street) is None


def test_terms_are_the_owners_to_set(sign_in: SignIn, street: Street) -> None:
    manager = sign_in(StaffRole.MANAGER)
    assert "Only the owner changes it." in manager.get(TERMS).text
    assert manager.post(TERMS, **GIVEN).status_code == 403
    assert _kept(street) is None


@pytest.mark.parametrize("locale", list(Locale))
def test_the_page_speaks_the_colleagues_language(owner: Browser, locale: Locale) -> None:
    owner.post("/language", locale=locale)
    owner.post(TERMS, **GIVEN)
    page = owner.get(TERMS).text
    assert f'<html lang="{locale}">' in page
    titles = {"zh-Hans": "一起点单", "zh-Hant": "一起點餐", "en": "Ordering together"}
    assert titles[locale] in page


def _ordered_together(street: Street) -> tuple[str, str]:
    """Two people's orders that go to somebody who has none among them."""
    ours, now = street.ours, street.tuanzi.clock.now()
    with street.tuanzi.database.transaction() as session:
        merchant = session.get_one(Merchant, ours.merchant)
        set_split_terms(merchant, SplitTerms(Money(1, "CNY"), Money(0, "CNY")))
        organiser = session.get_one(Person, ours.person)
        eaters = [a_person(session, merchant, name=name).id for name in ("Wei", "Jun")]
        split = open_split(
            session,
            organiser=organiser,
            window=timedelta(hours=1),
            address=Address("Ann", "123", "Shared Lane 5"),
            chat_id=None,
            now=now,
        ).id
        parts = [
            join_split(
                session,
                split_id=split,
                person_id=eater,
                lines=[NewLine(ours.variant, 1)],
                now=now,
            ).order_id
            for eater in eaters
        ]
    for order in parts:
        a_payment(street.tuanzi, order)
    with street.tuanzi.database.transaction() as session:
        close_split(session, split_id=split, organiser_id=ours.person, now=now)
    settle(street.tuanzi)
    return parts[0], parts[1]


def test_what_goes_in_one_box_is_packed_and_sent_as_one(sign_in: SignIn, street: Street) -> None:
    orders = sorted(_ordered_together(street))
    packer = sign_in(StaffRole.SHIPPING)
    page = packer.get("/parcels").text
    assert "One parcel, 2 orders" in page
    assert page.count("Shared Lane 5") == 1
    first, other = orders if f"/parcels/{orders[0]}/ship" in page else orders[::-1]
    assert f'name="others" value="{other}"' in page
    answer = packer.post(f"/parcels/{first}/ship", tracking="SF1", others=other)
    assert answer.status_code == 303
    assert "Shared Lane 5" not in packer.get("/parcels").text


def test_a_box_with_somebody_elses_order_in_it_is_not_sent_at_all(
    sign_in: SignIn, street: Street
) -> None:
    first, other = _ordered_together(street)
    packer = sign_in(StaffRole.SHIPPING)
    answer = packer.post(f"/parcels/{first}/ship", others=f"{other},{street.theirs.order}")
    assert answer.status_code == 404
    assert "One parcel, 2 orders" in packer.get("/parcels").text


def test_an_orders_page_says_that_it_goes_with_others_and_not_where(
    owner: Browser, street: Street
) -> None:
    first, _ = _ordered_together(street)
    page = owner.get(f"/orders/{first}").text
    assert "part of a common order" in page
    assert "in one parcel" in page
    assert "Shared Lane" not in page
