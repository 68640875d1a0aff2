"""Seen, parted with, forgotten: on SQLite and PostgreSQL alike (T53)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.audit import audit
from data.conversations import Conversation, record_events
from data.delivery.models import Job
from data.kernel.database import Database
from data.kernel.errors import NotFound, Refused, WrongState
from data.occasions import occasions_of
from data.orders import Address, NewLine, Order, OrderState, keep_address, place_order
from data.orders.placing import OrderDetails
from data.people import ChannelIdentity, Person, private_chat_of
from data.personal.exporting import export_person, find_export, offer_export, take_export
from data.personal.forgetting import FORGET, JOBS, forget_by_shop
from data.personal.merging import merge
from data.personal.models import PersonMove
from data.personal.parting import identities_of, is_parted, part
from tests.builders import NOW, a_product, the_variant
from tests.data.personal.twins import Twins, twins

_HOME = Address("Ann Lee", "123 456", "22 Quill Road")


def _buys(database: Database) -> Twins:
    """Ann has an unpaid order, a kept address, and has said something."""
    with database.transaction() as session:
        pair = twins(session)
        ann = session.get_one(Person, pair.kept)
        keep_address(session, person=ann, address=_HOME, now=NOW)
        variant = the_variant(session, a_product(session, pair.merchant)).id
        place_order(session, merchant_id=pair.merchant.id, person_id=ann.id,
                    lines=[NewLine(variant, 1)], details=OrderDetails(ship_to=_HOME),
                    hold_until=NOW + timedelta(hours=1), now=NOW)  # fmt: skip
        said = [{"kind": "user_said", "text": "send it to Quill Road"}, {"kind": "heard"}]
        record_events(session, pair.one, said, inbox_id=None, now=NOW)
    return pair


def _turn_order(database: Database, state: OrderState) -> None:
    with database.transaction() as session:
        session.scalars(select(Order)).one().state = state


def test_the_shop_forgets_somebody_once_nothing_paid_is_open(each_database: Database) -> None:
    pair = _buys(each_database)
    _turn_order(each_database, OrderState.READY)
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        with pytest.raises(WrongState):
            forget_by_shop(session, person=ann, by="stf_1", now=NOW)
    _turn_order(each_database, OrderState.AWAITING_PAYMENT)
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        forget_by_shop(session, person=ann, by="stf_1", now=NOW)
    with each_database.transaction() as session:
        job = session.scalars(select(Job).where(Job.kind == FORGET)).one()
        JOBS[FORGET](session, job, NOW)
        job.state = "done"
    with each_database.reading() as session:
        ann, annie = (session.get_one(Person, one) for one in (pair.kept, pair.gone))
        assert (ann.name, ann.erased_at, annie.name) == ("", NOW, "Annie")
        order = session.scalars(select(Order)).one()
        assert (order.state, order.ship_to, order.total_minor) == ("cancelled", None, 8800)
        assert [one.person_id for one in session.scalars(select(ChannelIdentity))] == [pair.gone]
        assert session.scalars(select(PersonMove.by)).all() == ["stf_1"]
        assert [one for one in audit(session, now=NOW) if one.what != "job_forgotten"] == []
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        assert "Quill" not in str(export_person(session, person=ann, by="x", now=NOW))


def test_money_that_comes_in_the_last_moment_is_waited_for(database: Database) -> None:
    pair = _buys(database)
    with database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        session.scalars(select(Order)).one().state = OrderState.CANCELLED
        forget_by_shop(session, person=ann, by="stf_1", now=NOW)
    _turn_order(database, OrderState.REFUND_PENDING)
    with database.transaction() as session:
        JOBS[FORGET](session, session.scalars(select(Job).where(Job.kind == FORGET)).one(), NOW)
        again = session.scalars(select(Job.run_at).where(Job.kind == FORGET).order_by(Job.id)).all()
        assert again == [NOW, NOW + timedelta(hours=1)]
        assert session.get_one(Person, pair.kept).erased_at is None


def test_a_file_has_what_both_of_a_merged_pair_left(each_database: Database) -> None:
    pair = _buys(each_database)
    with each_database.transaction() as session:
        assert merge(session, kept=pair.gone, gone=pair.kept, link_id=None, now=NOW) is None
    with each_database.transaction() as session:
        annie = session.get_one(Person, pair.gone)
        file = export_person(session, person=annie, by=annie.id, now=NOW)
        assert [row["sealed"]["line"] for row in file["kept_addresses"]] == ["22 Quill Road"]
        assert file["orders"][0]["ship_to"]["name"] == "Ann Lee"
        assert len(file["channel_identities"]) == len(file["people"]) == 2
        shops = export_person(session, person=annie, by="stf_1", sealed=False, now=NOW)
        assert "ship_to" not in shops["orders"][0]


def test_a_link_to_the_file_is_good_once_and_for_a_day(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        ann = session.get_one(Person, pair.kept)
        old = offer_export(session, person=ann, now=NOW)
        new = offer_export(session, person=ann, now=NOW)
        for token, now in ((old, NOW), ("guess", NOW), (new, NOW + timedelta(hours=24))):
            with pytest.raises(NotFound):
                find_export(session, token=token, now=now)
        assert take_export(session, token=new, now=NOW)["person"] == ann.id
        with pytest.raises(NotFound):
            take_export(session, token=new, now=NOW)
        with pytest.raises(Refused):
            offer_export(session, person=ann, now=NOW + timedelta(hours=23))


def test_what_is_parted_is_a_stranger_and_all_else_stays(each_database: Database) -> None:
    pair = _buys(each_database)
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        (only,) = identities_of(session, person_id=ann.id)
        assert not part(session, person=ann, identity=only, now=NOW)
        session.get_one(Person, pair.gone).opted_out_at = NOW
        merge(session, kept=pair.kept, gone=pair.gone, link_id=None, now=NOW)
    with each_database.transaction() as session:
        ann = session.get_one(Person, pair.kept)
        _, second = identities_of(session, person_id=ann.id)
        assert part(session, person=ann, identity=second, now=NOW)
        assert not part(session, person=ann, identity=second, now=NOW)
    with each_database.reading() as session:
        newcomer = session.get_one(ChannelIdentity, second.id).person_id
        stranger = session.get_one(Person, newcomer)
        assert newcomer not in (pair.kept, pair.gone)
        assert (stranger.name, stranger.opted_out_at) == ("", NOW)
        ann = session.get_one(Person, pair.kept)
        assert occasions_of(session, person=stranger) == []
        chat = private_chat_of(session, person=ann)
        assert chat is not None
        assert chat.id == pair.one.chat_id
        parted = session.get_one(Conversation, pair.other.id)
        assert is_parted(session, conversation=parted)
        assert not is_parted(session, conversation=session.get_one(Conversation, pair.one.id))
        kinds = session.scalars(select(PersonMove.kind).order_by(PersonMove.id)).all()
        assert kinds == ["merged", "parted"]
        assert audit(session, now=NOW) == []
