"""Guesses at codes are counted in one place, whether typed on the pay page or said in a chat."""

import pytest
from sqlalchemy import select, text

from bot.channels.rest import RestMetadata
from bot.publishing import publish_flows
from data.delivery.models import OutboxRow
from data.kernel.errors import TooOften
from data.kernel.money import Money
from data.orders import Order
from data.payments import create_link
from data.payments.gift_cards import issue_gift_card
from data.payments.guesses import MOST, note_miss, refuse_guesser
from dialogs.format import shipped_sources
from tests.bot.builders import a_placed_order, speak
from tests.bot.client import TestClient
from tests.bot.conftest import OURS, Street

ABOUT = RestMetadata(name="Lan", locale="en")


def test_who_guessed_on_the_pay_page_is_stopped_there_and_counted_as_a_person(
    street: Street, visitor: TestClient
) -> None:
    ours, now = street.ours, street.tuanzi.clock.now()
    order = a_placed_order(street.tuanzi, ours.merchant, ours.person, ours.variant)
    with street.tuanzi.database.transaction() as session:
        token = create_link(session, order_id=order, now=now)
        for _ in range(MOST - 1):
            note_miss(session, merchant_id=ours.merchant, person_id=ours.person, now=now)
    wrong = visitor.post(f"/pay/{token}/code", data={"code": "NOSUCH"}, headers=OURS)
    assert wrong.headers["location"].endswith("?code=none")
    right = visitor.post(f"/pay/{token}/code", data={"code": "TENOFF"}, headers=OURS)
    assert right.status_code == 429
    with street.tuanzi.database.reading() as session:
        assert (
            session.get_one(Order, order).total_minor
            == session.get_one(Order, order).items_minor
            + session.get_one(Order, order).shipping_minor
        )
        with pytest.raises(TooOften):
            refuse_guesser(session, person_id=ours.person, now=now)


def test_a_gift_cards_code_that_was_said_lies_nowhere_in_the_clear(street: Street) -> None:
    """T14: not in the log of the chat, not in the inbox, not in the snapshot."""
    with street.tuanzi.database.transaction() as session:
        amount = Money(5000, "CNY")
        _, code = issue_gift_card(
            session,
            merchant_id=street.ours.merchant,
            amount=amount,
            by="owner",
            now=street.tuanzi.clock.now(),
        )
    with street.tuanzi.database.transaction() as session:
        merchant_id, now = street.ours.merchant, street.tuanzi.clock.now()
        publish_flows(
            session, merchant_id=merchant_id, sources=shipped_sources(), by="owner", now=now
        )
    for said in (f"how much is on my gift card {code}", code, f"use code {code}"):
        speak(street.tuanzi, street.ours.merchant, said, who="ann", about=ABOUT)
    assert _told(street, "utter_gift_card_balance") == 1
    assert _told(street, "utter_code_no_order") == 2
    found = [table for table in _tables(street) if _holds(street, table, code)]
    assert found == []


def _told(street: Street, response: str) -> int:
    with street.tuanzi.database.reading() as session:
        return sum(row.response == response for row in session.scalars(select(OutboxRow)))


def _tables(street: Street) -> list[str]:
    with street.tuanzi.database.reading() as session:
        names = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        return [name for name in names.scalars() if not name.startswith("sqlite_")]


def _holds(street: Street, table: str, code: str) -> bool:
    plain = code.replace("-", "").lower()
    with street.tuanzi.database.reading() as session:
        rows = session.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # our own names
    return any(plain in str(row).lower().replace("-", "") for row in rows)
