"""What givers are told of a present while others go on with it: what is so, and no more."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.play.world import World
from data.catalogue import Variant
from data.delivery.models import OutboxRow
from data.kernel.money import Money
from data.payments import Way, apply_truth, begin_attempt, refund_order
from data.payments.attempts import move_attempt
from data.payments.gateway import PaymentStatus, ProviderPayment
from data.payments.models import AttemptState, PaymentAttempt
from data.people import Person
from data.pools import Contribution, EndRule, PoolTerms, chip_in, expire_pool, open_pool
from tests.dialogs.actions.test_group_buying import private, say
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
DAY = timedelta(days=1)
world = world_at(MORNING)


@pytest.fixture
def pool(world: World) -> str:
    """Lan's, of any amounts, kept at the end; who gives has a chat of their own."""
    for name in ("Lan", "Wei", "Odette"):
        say(world, world.account, name, private(name), "hello")
    terms = PoolTerms(for_name="Ann", window=DAY, end_rule=EndRule.KEEP)
    with world.tuanzi.database.transaction() as session:
        shelf = select(Variant).where(Variant.merchant_id == world.account.merchant_id)
        dearest = shelf.order_by(Variant.price_minor.desc(), Variant.id).limit(1)
        return open_pool(
            session,
            merchant_id=world.account.merchant_id,
            organiser_id=_person(world, "Lan"),
            variant_id=session.scalars(dearest).one().id,
            terms=terms,
            chat_id=None,
            now=MORNING,
        ).id


def _person(world: World, name: str) -> str:
    with world.tuanzi.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.name == name)).one()


def _pays(world: World, pool: str, name: str, *, begun: datetime, at: datetime) -> str:
    """Gives the order."""
    with world.tuanzi.database.transaction() as session:
        amount = Money(1000, "CNY")
        given = chip_in(
            session, pool_id=pool, person_id=_person(world, name), amount=amount, now=begun
        )
        attempt = begin_attempt(session, order_id=given.order_id, way=Way("sandbox"), now=begun)
        move_attempt(session, attempt, AttemptState.SUBMITTED, now=begun)
        order_id, attempt_id = given.order_id, attempt.id
    with world.tuanzi.database.transaction() as session:
        asked = session.get_one(PaymentAttempt, attempt_id).amount
        truth = ProviderPayment(PaymentStatus.CAPTURED, asked, f"b-{attempt_id}")
        apply_truth(session, attempt_id=attempt_id, truth=truth, now=at)
    return order_id


def _told(world: World, name: str) -> set[str]:
    with world.tuanzi.database.reading() as session:
        rows = select(OutboxRow.response).where(OutboxRow.person_id == _person(world, name))
        return {response for response in session.scalars(rows) if response}


def test_whose_share_the_shop_gives_back_is_not_told_that_all_of_it_is_over(
    world: World, pool: str
) -> None:
    order_id = _pays(world, pool, "Wei", begun=MORNING, at=MORNING)
    with world.tuanzi.database.transaction() as session:
        refund_order(session, order_id=order_id, cause_ref="by_shop", now=MORNING)
    told = _told(world, "Wei")
    assert "utter_share_returned" in told
    assert "utter_share_back" not in told


def test_whose_money_was_late_is_not_told_that_all_of_it_is_over(world: World, pool: str) -> None:
    """It is kept with what the others gave in time."""
    _pays(world, pool, "Wei", begun=MORNING, at=MORNING)
    _pays(world, pool, "Odette", begun=MORNING + DAY - timedelta(minutes=1), at=MORNING + DAY)
    with world.tuanzi.database.transaction() as session:
        assert expire_pool(session, pool_id=pool, now=MORNING + DAY)
        states = session.scalars(select(Contribution.state).order_by(Contribution.created_at))
        assert list(states) == ["paid", "refunded"]
    told = _told(world, "Odette")
    assert "utter_share_returned" in told
    assert "utter_share_back" not in told
