"""Two whole shops side by side, with staff, goods, money, a team and a chat, for the web's tests.

Everything goes through the doors a running shop uses: flows are linted, the bank is asked, a
conversation is spoken. The names of both shops' things stand in `Names`.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi, build
from bot.channels.rest import RestChat, RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.publishing import publish_flows
from bot.settings import Secret, Settings
from bot.web.passwords import Passwords
from data.catalogue import Variant
from data.conversations import Conversation
from data.group_buys import CampaignTerms, open_team, start_campaign
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount, Merchant, StaffRole, staff
from data.occasions.models import Occasion, Reminder
from data.orders import (
    Address,
    NewLine,
    Order,
    OrderDetails,
    Return,
    ReturnLine,
    lines_of,
    place_order,
)
from data.orders.coupons import CouponTerms, make_coupon
from data.payments import Way, begin_attempt
from data.payments.gift_cards import issue_gift_card
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome
from data.people import Person
from data.pools import PoolTerms, open_pool
from data.split_orders import SplitTerms, join_split, open_split, set_split_terms
from integrations.egress import Network
from tests.bot.flow_files import FLOWS
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

# The real ones take a quarter of a second each, on purpose.
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "ein ganz langes Passwort"
ADDRESS = Address(name="Zhao Lan", phone="+86 138 0000 0000", line="Canary Road 7", city="Suzhou")
_KEY = FieldCipher.new_key()


@dataclass(frozen=True, slots=True)
class Names:
    """What one shop calls its things."""

    merchant: str
    token: str
    emails: dict[StaffRole, str]
    product: str
    variant: str
    person: str
    order: str
    payment: str
    returned: str
    campaign: str
    team: str
    pool: str
    split: str
    conversation: str
    flows: str
    coupon: str
    card: str

    @property
    def ids(self) -> list[str]:
        """Ids of rows; none of them may be seen by the other shop."""
        return [
            self.merchant,
            self.product,
            self.variant,
            self.person,
            self.order,
            self.payment,
            self.returned,
            self.campaign,
            self.team,
            self.pool,
            self.split,
            self.conversation,
            self.coupon,
            self.card,
        ]


def a_tuanzi(file: Path, *, at: datetime = NOW, egress_allowed: tuple[Network, ...] = ()) -> Tuanzi:
    """Everything wired over one SQLite file; its clock stands still."""
    settings = Settings(
        database_url=f"sqlite:///{file}",
        demo=True,
        field_keys=(Secret(_KEY),),
        sandbox_secret=Secret("the bank's own little secret"),
        egress_allowed=egress_allowed,
    )
    return build(settings, clock=TurnableClock(at))


def a_stocked_shop(tuanzi: Tuanzi, *, called: str) -> Names:
    """A shop in the middle of its day: an order that is paid, a team that waits, a chat."""
    with tuanzi.database.transaction() as session:
        merchant = a_merchant(session)
        emails = {role: f"{role}@{called}.example" for role in StaffRole}
        for role, email in emails.items():
            a_colleague(session, merchant, email=email, role=role)
        product = a_product(session, merchant, title={"zh-Hans": f"青瓷茶具{called}"}, on_hand=50)
        variant = the_variant(session, product)
        person = a_person(session, merchant, name=f"Lan of {called}")
        flows = publish_flows(session, merchant_id=merchant.id, sources=FLOWS, by=called, now=NOW)
        campaign, team = a_team(session, merchant, variant, person)
        pool = a_pool(session, merchant, variant, person)
        split = a_split_order(session, merchant, person)
        a_reminder(session, person)
        a_token(session, merchant, f"token-{called}")
        an_account(session, merchant, called)
        coupon, card = a_coupon(session, merchant), a_gift_card(session, merchant)
        merchant_id, variant_id, person_id = merchant.id, variant.id, person.id
        product_id = product.id
    order = a_placed_order(tuanzi, merchant_id, person_id, variant_id)
    payment = a_payment(tuanzi, order)
    returned = a_return(tuanzi, order)
    conversation = a_conversation(tuanzi, merchant_id, says="我想找人工客服")
    return Names(
        merchant=merchant_id,
        token=f"token-{called}",
        emails=emails,
        product=product_id,
        variant=variant_id,
        person=person_id,
        order=order,
        payment=payment,
        returned=returned,
        campaign=campaign,
        team=team,
        pool=pool,
        split=split,
        conversation=conversation,
        flows=flows,
        coupon=coupon,
        card=card,
    )


def a_return(tuanzi: Tuanzi, order_id: str) -> str:
    """One of its goods is asked to be taken back; written down as if it had been sent before."""
    with tuanzi.database.transaction() as session:
        order = session.get_one(Order, order_id)
        (line,) = lines_of(session, order)
        asked = Return(
            id=new_id("ret"),
            merchant_id=order.merchant_id,
            order_id=order.id,
            asked_ref="test",
            back_minor=line.unit_minor,
            currency=order.currency,
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(asked)
        session.flush()
        session.add(
            ReturnLine(
                merchant_id=order.merchant_id,
                return_id=asked.id,
                line_id=line.id,
                quantity=1,
                back_minor=line.unit_minor,
            )
        )
        return asked.id


def a_coupon(session: Session, merchant: Merchant) -> str:
    terms = CouponTerms("TENOFF", off=Money(1000, merchant.currency))
    owner = "owner@street.example"
    return make_coupon(
        session,
        merchant_id=merchant.id,
        currency=merchant.currency,
        terms=terms,
        by=owner,
        now=NOW,
    ).id


def a_gift_card(session: Session, merchant: Merchant) -> str:
    amount = Money(5000, merchant.currency)
    owner = "owner@street.example"
    card, _ = issue_gift_card(session, merchant_id=merchant.id, amount=amount, by=owner, now=NOW)
    return card.id


def a_colleague(session: Session, merchant: Merchant, *, email: str, role: StaffRole) -> str:
    newcomer = staff.NewStaff(email, role.value.title(), role, Locale.EN, PASSWORD)
    return staff.hire(session, merchant_id=merchant.id, newcomer=newcomer, hasher=QUICK, now=NOW).id


def a_token(session: Session, merchant: Merchant, token: str, *, scope: str = "merchant") -> None:
    row = ApiToken(
        token_hash=fingerprint(token), merchant_id=merchant.id, scope=scope, created_at=NOW
    )
    session.add(row)
    session.flush()


def an_account(session: Session, merchant: Merchant, called: str) -> ChannelAccount:
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=merchant.id,
        channel="rest",
        external_id=f"rest-{called}",
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    return account


def a_pool(session: Session, merchant: Merchant, variant: Variant, organiser: Person) -> str:
    """A present in two shares; nobody has given yet."""
    return open_pool(
        session,
        merchant_id=merchant.id,
        organiser_id=organiser.id,
        variant_id=variant.id,
        terms=PoolTerms(for_name="Mei", window=timedelta(days=7), shares=2),
        chat_id=None,
        now=NOW,
    ).id


def a_split_order(session: Session, merchant: Merchant, organiser: Person) -> str:
    """Open for an hour, and nobody is in it yet; the shop offers no further ones."""
    set_split_terms(merchant, SplitTerms(Money(10000, "CNY"), Money(1200, "CNY")))
    split = open_split(
        session,
        organiser=organiser,
        window=timedelta(hours=1),
        address=ADDRESS,
        chat_id=None,
        now=NOW,
    )
    set_split_terms(merchant, None)
    return split.id


def a_team(
    session: Session, merchant: Merchant, variant: Variant, leader: Person
) -> tuple[str, str]:
    """A campaign for three, and a team of one."""
    terms = CampaignTerms(
        team_size=3,
        team_price=Money(6600, merchant.currency),
        window=timedelta(hours=24),
        starts_at=NOW,
        ends_at=NOW + timedelta(days=7),
    )
    campaign = start_campaign(
        session, merchant_id=merchant.id, variant_id=variant.id, terms=terms, now=NOW
    )
    team = open_team(session, campaign_id=campaign.id, chat_id=None, leader_id=leader.id, now=NOW)
    return campaign.id, team.id


def a_reminder(session: Session, person: Person) -> None:
    occasion = Occasion(
        id=new_id("occ"),
        merchant_id=person.merchant_id,
        person_id=person.id,
        kind="birthday",
        relation="mother",
        calendar="solar",
        month=5,
        day=3,
        leap=False,
        lead_days=7,
        timezone=person.timezone,
        created_at=NOW,
        updated_at=NOW,
    )
    session.add(occasion)
    session.flush()
    reminder = Reminder(
        merchant_id=person.merchant_id,
        occasion_id=occasion.id,
        year=2027,
        lead=7,
        falls_on=datetime(2027, 5, 3, tzinfo=NOW.tzinfo).date(),
        due_at=NOW + timedelta(days=155),
    )
    session.add(reminder)
    session.flush()


def a_placed_order(
    tuanzi: Tuanzi,
    merchant_id: str,
    person_id: str,
    variant_id: str,
    *,
    address: Address | None = ADDRESS,
) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order = place_order(
            session,
            merchant_id=merchant_id,
            person_id=person_id,
            lines=[NewLine(variant_id, 2)],
            details=OrderDetails(ship_to=address),
            hold_until=now + timedelta(minutes=30),
            now=now,
        )
        return order.id


def a_part(tuanzi: Tuanzi, names: Names) -> str:
    """One of the goods in the shop's common order, not paid yet; the order."""
    with tuanzi.database.transaction() as session:
        return join_split(
            session,
            split_id=names.split,
            person_id=names.person,
            lines=[NewLine(names.variant, 1)],
            now=tuanzi.clock.now(),
        ).order_id


def a_payment(tuanzi: Tuanzi, order_id: str, outcome: Outcome = Outcome.APPROVED) -> str:
    """The buyer goes to the bank, and the bank does this."""
    with tuanzi.database.transaction() as session:
        attempt = begin_attempt(
            session, order_id=order_id, way=Way(SANDBOX), now=tuanzi.clock.now()
        )
        plan(session, key=attempt.idempotency_key, outcome=outcome)
        attempt_id = attempt.id
    asyncio.run(tuanzi.cashier.call_now(attempt_id))
    settle(tuanzi)
    return attempt_id


def settle(tuanzi: Tuanzi) -> None:
    """Do what is due: jobs in their lanes, calls to the bank, until nothing is."""
    asyncio.run(_settle(tuanzi))


async def _settle(tuanzi: Tuanzi) -> None:
    while await tuanzi.worker.drain() or await tuanzi.cashier.drain():
        continue


def speak(
    tuanzi: Tuanzi, merchant_id: str, text: str, *, who: str = "lan", about: RestMetadata
) -> None:
    """Somebody writes to the shop through the REST channel."""
    with tuanzi.database.reading() as session:
        account = session.scalars(
            select(ChannelAccount).where(ChannelAccount.merchant_id == merchant_id)
        ).one()
    body = RestMessage(sender=who, message=text, metadata=about)
    tuanzi.turns.answer(Received(account, parse(body), body.model_dump(mode="json")))


def a_conversation(
    tuanzi: Tuanzi, merchant_id: str, *, says: str, name: str = "Lan", title: str = ""
) -> str:
    """The id of a conversation that began with these words."""
    chat = RestChat(id=f"group-{title}", kind="group", title=title) if title else None
    about = RestMetadata(name=name, locale="zh-Hans", chat=chat)
    speak(tuanzi, merchant_id, says, about=about)
    with tuanzi.database.reading() as session:
        return session.scalars(
            select(Conversation.id)
            .where(Conversation.merchant_id == merchant_id)
            .order_by(Conversation.created_at.desc(), Conversation.id)
        ).all()[-1]
