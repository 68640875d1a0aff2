"""A shop where people pay for presents together, under random and directed play.

The model is small: what each contribution is by now. Everything else is held to it by the audit,
which runs at the end with no grace, and by the sums at every step.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from data.kernel.database import Base, Database
from data.kernel.errors import (
    Invalid,
    OutOfStock,
    PaymentLinkExpired,
    Refused,
    ShopError,
    TooOften,
    WrongState,
)
from data.payments import PaymentAttempt, Refund, RefundState
from data.payments.smallest import smallest_charge
from data.pools import Contribution, EndRule, Pool, PoolState
from tests.data.pools.shop import TARGET, PoolShop
from tests.machines import CountedMachine

LEAST = smallest_charge("CNY").minor

NAMES = ("Lan", "Wei", "Jun", "Qi")
PEOPLE = st.sampled_from(NAMES)
PICK = st.integers(min_value=0, max_value=7)
MINUTES = st.sampled_from([1, 9, 30, 60 * 24])
AMOUNTS = st.sampled_from([None, 100, 2500, 4350, 4400, 8800])
WINDOW = timedelta(hours=1)
RULES = st.sampled_from(list(EndRule))
SHARES = st.sampled_from([None, 2, 3])


def found_shop(file: Path) -> PoolShop:
    """The shop that every run starts from; its file lies beside it as `kept`."""
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.engine)
    shop = PoolShop(database, on_hand=4)
    database.close()
    for name in NAMES:
        shop.person(name)
    shop.keep(file.with_suffix(".kept"))
    return shop


@dataclass
class Opened:
    """A pool as the machine knows it."""

    id: str
    by: str
    until: datetime


class PoolMachine(CountedMachine):
    """Each run plays in `shop` as it was `kept`."""

    shop: ClassVar[PoolShop]
    kept: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.shop.start_again(self.kept)
        self.pools: list[Opened] = []
        self.attempts: list[str] = []

    # What people do. What is refused changes nothing: the sums below would tell.

    @rule(person=PEOPLE, shares=SHARES, end_rule=RULES)
    def open(self, person: str, shares: int | None, end_rule: EndRule) -> None:
        try:
            pool = self.shop.opens_pool(person, shares=shares, window=WINDOW, end_rule=end_rule)
        except (OutOfStock, TooOften):
            return
        self.pools.append(Opened(pool, person, self.shop.now + WINDOW))

    @precondition(lambda self: self.pools)
    @rule(pick=PICK, person=PEOPLE, amount=AMOUNTS)
    def promise(self, pick: int, person: str, amount: int | None) -> None:
        pool = self._pool(pick)
        before = self.shop.pool(pool.id)
        try:
            self.shop.promises(pool.id, person, amount)
        except (Invalid, Refused, TooOften):
            return
        assert self.shop.now < pool.until
        assert before.state == PoolState.OPEN
        self._go(pool, person)
        self.no_present_has_more_than_it_costs()

    def _go(self, pool: Opened, person: str) -> None:
        try:
            self.attempts.append(self.shop.goes_paying(pool.id, person))
        except (PaymentLinkExpired, WrongState):
            return

    @precondition(lambda self: self.attempts)
    @rule(pick=PICK)
    def money_arrives(self, pick: int) -> None:
        """In time, late, or told again: whichever it is by now."""
        self.shop.money_arrives(self.attempts[-1 - pick % len(self.attempts)])
        self.no_present_has_more_than_it_costs()

    @precondition(lambda self: self.pools)
    @rule(pick=PICK, person=PEOPLE)
    def withdraw(self, pick: int, person: str) -> None:
        self._try(lambda: self.shop.withdraws(self._pool(pick).id, person))

    @precondition(lambda self: self.pools)
    @rule(pick=PICK)
    def say_where(self, pick: int) -> None:
        pool = self._pool(pick)
        self._try(lambda: self.shop.says_where(pool.id, pool.by))

    @precondition(lambda self: self.pools)
    @rule(pick=PICK)
    def call_off(self, pick: int) -> None:
        self._try(lambda: self.shop.ends_pool(self._pool(pick).id))

    @precondition(lambda self: self.pools)
    @rule(pick=PICK)
    def take_one_out(self, pick: int) -> None:
        pool = self._pool(pick)
        for name in self.shop.given(pool.id):
            self._try(lambda name=name: self.shop.shop_takes_out(pool.id, name))  # type: ignore[misc]

    @precondition(lambda self: self.pools)
    @rule(pick=PICK)
    def call_the_present_off(self, pick: int) -> None:
        pool = self._pool(pick)
        if self._order_of(pool) is not None:
            self._try(lambda: self.shop.calls_present_off(pool.id))

    @precondition(lambda self: self.pools)
    @rule(pick=PICK)
    def pay_the_rest(self, pick: int) -> None:
        pool = self._pool(pick)
        if self._order_of(pool) is not None:
            try:
                self.attempts.append(self.shop.starts_on_rest(pool.id))
            except ShopError:
                return

    # What time and machines do.

    @rule(minutes=MINUTES)
    def clock(self, minutes: int) -> None:
        """Time goes by, and nobody has looked yet."""
        self.shop.turn_clock(timedelta(minutes=minutes))

    @rule()
    def work(self) -> None:
        self.shop.work()
        self.no_present_has_more_than_it_costs()

    # Paths that random play seldom finds.

    @initialize(path=st.sampled_from(["order", "rest", "miss", "lapse", "undo"]))
    def begin(self, path: str) -> None:
        """One run in five, each: what random play alone would hardly reach."""
        keep = EndRule.KEEP if path == "rest" else EndRule.ALL_OR_NOTHING
        self.open("Lan", 2, keep)
        pool = self.pools[0]
        self._give(pool, "Wei")
        if path in ("order", "undo"):
            self._give(pool, "Jun")
        if path == "lapse":
            self.promise(0, "Jun", None)
            self.clock(30)
            self.work()
            self.call_off(0)
            self.work()
        else:
            self._go_on(path, pool)

    def _go_on(self, path: str, pool: Opened) -> None:
        if path != "miss":
            self.say_where(0)
        if path in ("rest", "miss"):
            self.clock(60 * 24)
        self.work()
        if path == "rest":
            self.pay_the_rest(0)
            self.money_arrives(0)
        elif path == "undo":
            self.call_the_present_off(0)
        self.work()

    def _give(self, pool: Opened, person: str) -> None:
        self.promise(self.pools.index(pool), person, None)
        self.money_arrives(0)

    # What must hold.

    @invariant()
    def no_present_has_more_than_it_costs(self) -> None:
        with self.shop.database.reading() as session:
            pools = session.execute(
                select(Pool.state, Pool.held_minor, Pool.paid_minor, Pool.target_minor)
            ).all()
            states = set(session.scalars(select(Contribution.state)))
        for state, held, paid, target in pools:
            assert 0 <= paid <= held <= target == TARGET
            assert state != PoolState.OPEN or paid < target
            assert target - held == 0 or target - held >= LEAST  # somebody can give it
        self.seen |= {f"pool {row.state}" for row in pools}
        self.seen |= {f"contribution {state}" for state in states}

    def teardown(self) -> None:
        for days in (1, 7, 4):  # all deadlines: of pools, of addresses, of what is missing
            self.shop.later(timedelta(days=days))
        self.no_present_has_more_than_it_costs()
        assert self.shop.violations() == []
        self._every_cent_is_somewhere()
        self.count_run()

    def _every_cent_is_somewhere(self) -> None:
        """What presents cost is the shop's; the rest of all that was taken is its payers' again."""
        with self.shop.database.reading() as session:
            ordered = [
                pool.target_minor
                for pool in session.scalars(select(Pool))
                if pool.order_id and self.shop.present_of(pool.id).state == "ready"
            ]
            taken = sum(session.scalars(select(PaymentAttempt.captured_minor)))
            back = sum(
                session.scalars(
                    select(Refund.amount_minor).where(Refund.state == RefundState.SUCCEEDED)
                )
            )
        assert taken - back == sum(ordered)
        assert self.shop.books().get("revenue", 0) == sum(ordered)
        assert set(self.shop.books()) <= {"revenue", "cash_in_transit:bank"}

    def _pool(self, pick: int) -> Opened:
        return self.pools[pick % len(self.pools)]

    def _order_of(self, pool: Opened) -> str | None:
        with self.shop.database.reading() as session:
            return session.get_one(Pool, pool.id).order_id

    def _try(self, act: object) -> None:
        assert callable(act)
        try:
            act()
        except (ShopError, ValueError):
            return
