"""The small shop of the group-buy tests, where people also pay for presents together."""

from datetime import timedelta

from sqlalchemy import select

from data.catalogue import Product
from data.kernel.money import Money
from data.ledger import trial_balance
from data.orders import Address, Order, OrderState
from data.payments import PaymentAttempt, Way, begin_attempt, cancel_order, refund_order
from data.payments.attempts import move_attempt
from data.payments.models import AttemptState
from data.pools import (
    Contribution,
    ContributionState,
    EndRule,
    Pool,
    PoolState,
    PoolTerms,
    PoolView,
    cancel_pool,
    chip_in,
    leave_pool,
    open_pool,
    pool_view,
    say_where,
    unpaid_of,
)
from tests.builders import the_variant
from tests.data.group_buys.shop import GroupShop

TARGET = 8800  # one tea set; this shop ships free
HOME = Address("小李", "13800000000", "桂花巷 7 号")
DAY = timedelta(days=1)


class PoolShop(GroupShop):
    """Everything by the names of people. Each method is one transaction, as in a running shop."""

    def opens_pool(
        self,
        name: str,
        *,
        shares: int | None = 3,
        window: timedelta = DAY,
        end_rule: EndRule = EndRule.ALL_OR_NOTHING,
        cap: int | None = None,
        least: int | None = None,
        recipient: str | None = None,
    ) -> str:
        organiser = self.person(name)
        terms = PoolTerms(
            for_name="小李",
            window=window,
            shares=shares,
            end_rule=end_rule,
            cap=None if cap is None else Money(cap, "CNY"),
            least=None if least is None else Money(least, "CNY"),
            recipient_id=None if recipient is None else self.person(recipient),
        )
        with self.database.transaction() as session:
            return open_pool(
                session,
                merchant_id=self.merchant_id,
                organiser_id=organiser,
                variant_id=self.variant_id(),
                terms=terms,
                chat_id=None,
                now=self.now,
            ).id

    def variant_id(self) -> str:
        with self.database.reading() as session:
            return the_variant(session, session.get_one(Product, self.product_id)).id

    def promises(self, pool_id: str, name: str, amount: int | None = None) -> int:
        """How much it came to."""
        person_id = self.person(name)
        wanted = None if amount is None else Money(amount, "CNY")
        with self.database.transaction() as session:
            given = chip_in(
                session, pool_id=pool_id, person_id=person_id, amount=wanted, now=self.now
            )
            return given.amount_minor

    def goes_paying(self, pool_id: str, name: str) -> str:
        """They are on the provider's page; gives the attempt."""
        with self.database.transaction() as session:
            known = unpaid_of(session, pool_id=pool_id, person_id=self.person(name))
            assert known is not None
            attempt = begin_attempt(session, order_id=known.order_id, way=Way("bank"), now=self.now)
            move_attempt(session, attempt, AttemptState.SUBMITTED, now=self.now)
            return attempt.id

    def gives(self, pool_id: str, *names: str, amount: int | None = None) -> None:
        for name in names:
            self.promises(pool_id, name, amount)
            self.money_arrives(self.goes_paying(pool_id, name))

    def withdraws(self, pool_id: str, name: str) -> None:
        with self.database.transaction() as session:
            leave_pool(session, pool_id=pool_id, person_id=self.person(name), now=self.now)

    def says_where(self, pool_id: str, name: str, address: Address = HOME) -> None:
        with self.database.transaction() as session:
            say_where(
                session,
                pool_id=pool_id,
                organiser_id=self.person(name),
                address=address,
                now=self.now,
            )

    def ends_pool(self, pool_id: str, name: str | None = None) -> None:
        """Called off by its organiser; without a name by the shop."""
        with self.database.transaction() as session:
            cancel_pool(
                session,
                merchant_id=self.merchant_id,
                pool_id=pool_id,
                organiser_id=None if name is None else self.person(name),
                now=self.now,
            )

    def shop_takes_out(self, pool_id: str, name: str) -> None:
        """The shop gives one person's paid share back."""
        (order_id,) = self._orders_of(pool_id, name)
        with self.database.transaction() as session:
            refund_order(session, order_id=order_id, cause_ref="by_shop", now=self.now)

    def _orders_of(self, pool_id: str, name: str) -> list[str]:
        mine = select(Contribution.order_id).where(
            Contribution.pool_id == pool_id, Contribution.person_id == self.person(name)
        )
        with self.database.reading() as session:
            return list(session.scalars(mine.order_by(Contribution.created_at)))

    def present_of(self, pool_id: str) -> Order:
        with self.database.reading() as session:
            order_id = session.get_one(Pool, pool_id).order_id
            assert order_id is not None
            return session.get_one(Order, order_id)

    def calls_present_off(self, pool_id: str) -> None:
        order_id = self.present_of(pool_id).id
        with self.database.transaction() as session:
            cancel_order(session, order_id=order_id, person_id=None, now=self.now)

    def starts_on_rest(self, pool_id: str) -> str:
        """Its organiser is on the pay page of what is missing."""
        order_id = self.present_of(pool_id).id
        with self.database.transaction() as session:
            attempt = begin_attempt(session, order_id=order_id, way=Way("bank"), now=self.now)
            move_attempt(session, attempt, AttemptState.SUBMITTED, now=self.now)
            return attempt.id

    # what a test asks

    def pool(self, pool_id: str) -> PoolView:
        with self.database.reading() as session:
            return pool_view(session, pool_id, now=self.now)

    def pool_state(self, pool_id: str) -> PoolState:
        return self.pool(pool_id).state

    def given(self, pool_id: str) -> dict[str, list[tuple[ContributionState, int]]]:
        """Each person's contributions, oldest first."""
        names = {person_id: name for name, person_id in self._people.items()}
        found: dict[str, list[tuple[ContributionState, int]]] = {}
        rows = select(Contribution).where(Contribution.pool_id == pool_id)
        with self.database.reading() as session:
            for one in session.scalars(rows.order_by(Contribution.created_at, Contribution.id)):
                state = ContributionState(one.state)
                found.setdefault(names[one.person_id], []).append((state, one.amount_minor))
        return found

    def contribution_states(self, pool_id: str) -> list[ContributionState]:
        return sorted(state for rows in self.given(pool_id).values() for state, _ in rows)

    def share_orders(self, pool_id: str) -> list[OrderState]:
        orders = select(Order.state).join(Contribution, Contribution.order_id == Order.id)
        with self.database.reading() as session:
            found = session.scalars(orders.where(Contribution.pool_id == pool_id))
            return sorted(OrderState(state) for state in found)

    def books(self) -> dict[str, int]:
        with self.database.reading() as session:
            balance = trial_balance(session, merchant_id=self.merchant_id)
        return {account: money.minor for account, money in balance.items() if money.minor}

    def taken(self) -> int:
        """What the bank has of ours."""
        with self.database.reading() as session:
            return sum(session.scalars(select(PaymentAttempt.captured_minor)))
