"""The small shop of the pool tests, where a group also fills one basket together."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from data.catalogue import Variant
from data.kernel.database import Database
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Address, NewLine, Order, OrderState, lock_order, ship
from data.orders.parcel_models import Parcel
from data.orders.share_states import ShareState
from data.payments import Way, begin_attempt, refund_order
from data.payments.attempts import move_attempt
from data.payments.models import AttemptState
from data.people import Person
from data.split_orders import (
    SplitOrder,
    SplitPart,
    SplitState,
    SplitTerms,
    SplitView,
    cancel_split,
    cancel_split_by_shop,
    close_split,
    join_split,
    leave_split,
    open_split,
    part_of,
    say_where,
    set_split_terms,
    split_view,
)
from tests.builders import a_product, the_variant
from tests.data.pools.shop import PoolShop

NOODLES, TEA = 2500, 600  # what one of them costs
MINIMUM, FEE, FREE_FROM = 5000, 500, 30000
OFFICE = Address("兰", "13800000000", "长乐路 9 号 4 楼")
HOUR = timedelta(hours=1)


class SplitShop(PoolShop):
    """Everything by the names of people. Each method is one transaction, as in a running shop."""

    def __init__(self, database: Database, **more: object) -> None:
        super().__init__(database, **more)  # type: ignore[arg-type]  # a shop's own
        with self.database.transaction() as session:
            merchant = session.get_one(Merchant, self.merchant_id)
            noodles = a_product(session, merchant, title="牛肉面", price=NOODLES, on_hand=40)
            tea = a_product(session, merchant, title="红茶", price=TEA, on_hand=40)
            self.noodles, self.tea = (the_variant(session, one).id for one in (noodles, tea))
        self.offers()

    def offers(
        self, minimum: int = MINIMUM, fee: int = FEE, free_from: int | None = FREE_FROM
    ) -> None:
        least = None if free_from is None else Money(free_from, "CNY")
        with self.database.transaction() as session:
            merchant = session.get_one(Merchant, self.merchant_id)
            terms = SplitTerms(Money(minimum, "CNY"), Money(fee, "CNY"), least)
            set_split_terms(merchant, terms)

    def opens_split(self, name: str, *, window: timedelta = HOUR) -> str:
        organiser = self.person(name)
        with self.database.transaction() as session:
            return open_split(
                session,
                organiser=session.get_one(Person, organiser),
                window=window,
                address=OFFICE,
                chat_id=None,
                now=self.now,
            ).id

    def puts_in(self, split_id: str, name: str, *, noodles: int = 1, tea: int = 0) -> str:
        """Gives the part."""
        person_id = self.person(name)
        units = {self.noodles: noodles, self.tea: tea}
        lines = [NewLine(variant, number) for variant, number in units.items() if number]
        with self.database.transaction() as session:
            return join_split(
                session, split_id=split_id, person_id=person_id, lines=lines, now=self.now
            ).id

    def starts_on_part(self, split_id: str, name: str) -> str:
        """They are on the provider's page; gives the attempt."""
        with self.database.transaction() as session:
            part = part_of(session, split_id=split_id, person_id=self.person(name))
            assert part is not None
            attempt = begin_attempt(session, order_id=part.order_id, way=Way("bank"), now=self.now)
            move_attempt(session, attempt, AttemptState.SUBMITTED, now=self.now)
            return attempt.id

    def pays_part(self, split_id: str, *names: str, noodles: int = 1, tea: int = 0) -> None:
        for name in names:
            self.puts_in(split_id, name, noodles=noodles, tea=tea)
            self.money_arrives(self.starts_on_part(split_id, name))

    def leaves_split(self, split_id: str, name: str) -> None:
        with self.database.transaction() as session:
            leave_split(session, split_id=split_id, person_id=self.person(name), now=self.now)

    def closes_split(self, split_id: str, name: str) -> None:
        with self.database.transaction() as session:
            close_split(session, split_id=split_id, organiser_id=self.person(name), now=self.now)

    def ends_split(self, split_id: str, name: str | None = None) -> None:
        """Called off by its organiser; without a name by the shop."""
        about = {"merchant_id": self.merchant_id, "split_id": split_id}
        with self.database.transaction() as session:
            if name is None:
                cancel_split_by_shop(
                    session, **about, by="owner", said="The kitchen is closed.", now=self.now
                )
            else:
                cancel_split(session, **about, organiser_id=self.person(name), now=self.now)

    def says_where_to(self, split_id: str, name: str, address: Address) -> None:
        with self.database.transaction() as session:
            organiser = self.person(name)
            say_where(
                session, split_id=split_id, organiser_id=organiser, address=address, now=self.now
            )

    def shop_refunds(self, split_id: str, name: str) -> None:
        """One person's order goes back, for a reason of the shop's."""
        order_id = self.part(split_id, name).order_id
        with self.database.transaction() as session:
            refund_order(session, order_id=order_id, cause_ref="by_shop", now=self.now)

    def ships_part(self, split_id: str, name: str) -> None:
        order_id = self.part(split_id, name).order_id
        with self.database.transaction() as session:
            lock_order(session, order_id=order_id)
            ship(
                session,
                merchant_id=self.merchant_id,
                order_id=order_id,
                tracking=None,
                now=self.now,
            )

    # what a test asks

    def split(self, split_id: str) -> SplitView:
        with self.database.reading() as session:
            return split_view(session, split_id, now=self.now)

    def split_state(self, split_id: str) -> SplitState:
        return self.split(split_id).state

    def split_row(self, split_id: str) -> SplitOrder:
        with self.database.reading() as session:
            row = session.get_one(SplitOrder, split_id)
            session.expunge(row)
            return row

    def part(self, split_id: str, name: str) -> SplitPart:
        """The newest of theirs."""
        mine = select(SplitPart).where(
            SplitPart.split_id == split_id, SplitPart.person_id == self.person(name)
        )
        newest = mine.order_by(SplitPart.created_at.desc(), SplitPart.order_id.desc())
        with self.database.reading() as session:
            part = session.scalars(newest).first()
            assert part is not None
            return part

    def part_order(self, split_id: str, name: str) -> Order:
        with self.database.reading() as session:
            return session.get_one(Order, self.part(split_id, name).order_id)

    def part_states(self, split_id: str) -> list[ShareState]:
        states = select(SplitPart.state).where(SplitPart.split_id == split_id)
        with self.database.reading() as session:
            return sorted(ShareState(state) for state in session.scalars(states))

    def part_orders(self, split_id: str) -> list[OrderState]:
        states = select(Order.state).join(SplitPart, SplitPart.order_id == Order.id)
        with self.database.reading() as session:
            found = session.scalars(states.where(SplitPart.split_id == split_id))
            return sorted(OrderState(state) for state in found)

    def delivery_paid(self, split_id: str) -> Mapping[str, int]:
        """What each person's share of the delivery is by now."""
        names = {person_id: name for name, person_id in self._people.items()}
        rows = select(SplitPart.person_id, Order.shipping_minor).join(
            Order, Order.id == SplitPart.order_id
        )
        live = (ShareState.HELD, ShareState.PAID, ShareState.USED)
        mine = rows.where(SplitPart.split_id == split_id, SplitPart.state.in_(live))
        with self.database.reading() as session:
            return {names[person]: minor for person, minor in session.execute(mine)}

    def parcel(self, split_id: str) -> Parcel:
        with self.database.reading() as session:
            parcel_id = session.get_one(SplitOrder, split_id).parcel_id
            return session.get_one(Parcel, parcel_id)

    def bowls(self) -> tuple[int, int]:
        """Noodles that are there, and how many of them are promised."""
        with self.database.reading() as session:
            variant = session.get_one(Variant, self.noodles)
            return variant.on_hand, variant.held
