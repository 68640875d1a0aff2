"""A shop where groups fill baskets, under random and directed play, beside a model in plain Python.

The model knows of each basket until when it runs and of each part what it costs and how it stands.
The database is held to it after every step, and at the end to the audit with no grace.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select

from data.kernel.database import Base, Database
from data.kernel.errors import OutOfStock, Refused, ShopError, TooOften
from data.payments import PaymentAttempt, Refund
from data.split_orders import SplitOrder, SplitPart
from tests.data.split_orders.shop import FEE, MINIMUM, NOODLES, TEA, SplitShop
from tests.machines import CountedMachine

NAMES = ("Lan", "Wei", "Jun", "Qi")
PEOPLE = st.sampled_from(NAMES)
PICK = st.integers(min_value=0, max_value=7)
BOWLS = st.sampled_from([0, 1, 2, 3, 18])
CUPS = st.sampled_from([0, 0, 1])
MINUTES = st.sampled_from([1, 9, 30, 60])
WINDOW = timedelta(hours=1)
HOLD = timedelta(minutes=10)


def found_shop(file: Path) -> SplitShop:
    """The shop that every run starts from; its file lies beside it as `kept`."""
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.engine)
    shop = SplitShop(database)
    database.close()
    for name in NAMES:
        shop.person(name)
    shop.keep(file.with_suffix(".kept"))
    return shop


@dataclass
class Part:
    id: str
    goods: int
    told: int
    until: datetime
    state: str = "held"


@dataclass
class Basket:
    """Its parts by person, the live ones; `people` and `shares`: as it was decided."""

    id: str
    by: str
    until: datetime
    state: str = "open"
    parts: dict[str, Part] = field(default_factory=dict)
    people: int = 0

    @property
    def goods(self) -> int:
        return sum(part.goods for part in self.parts.values() if part.state != "held")

    def has_paid(self) -> int:
        return sum(part.state != "held" for part in self.parts.values())

    def runs(self, now: datetime) -> bool:
        return self.state == "open" and now < self.until

    def is_enough(self) -> bool:
        return self.has_paid() > 0 and self.goods >= MINIMUM

    def order(self) -> None:
        self.state, self.people = "ordered", self.has_paid()

    def carry_out(self, now: datetime) -> None:
        """What jobs do when they run."""
        for person, part in list(self.parts.items()):
            unpaid = part.state == "held" and (self.state != "open" or part.until <= now)
            if unpaid or self.state in ("failed", "cancelled"):
                del self.parts[person]
            elif self.state == "ordered":
                part.state = "used"


class SplitMachine(CountedMachine):
    """Each run plays in `shop` as it was `kept`."""

    shop: ClassVar[SplitShop]
    kept: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.shop.start_again(self.kept)
        self.baskets: list[Basket] = []
        self.attempts: list[tuple[str, Basket, str, Part]] = []

    # What people do. What the model forbids is refused, and changes nothing.

    @rule(person=PEOPLE)
    def open(self, person: str) -> None:
        with suppress(TooOften):
            split = self.shop.opens_split(person, window=WINDOW)
            self.baskets.append(Basket(split, person, self.shop.now + WINDOW))
        self.compare()

    @precondition(lambda self: self.baskets)
    @rule(pick=PICK, person=PEOPLE, noodles=BOWLS, tea=CUPS)
    def put_in(self, pick: int, person: str, noodles: int, tea: int) -> None:
        basket, now = self._basket(pick), self.shop.now
        had = basket.parts.get(person)
        try:
            part_id = self.shop.puts_in(basket.id, person, noodles=noodles, tea=tea)
        except (OutOfStock, TooOften):
            pass
        except ShopError:
            paid = had is not None and had.state != "held"
            assert not basket.runs(now) or paid or not noodles + tea
        else:
            assert basket.runs(now)
            assert had is None or had.state == "held"
            self._note(basket, person, part_id, noodles * NOODLES + tea * TEA)
        self.compare()

    def _note(self, basket: Basket, person: str, part_id: str, goods: int) -> None:
        """A new part, or the same again."""
        now = self.shop.now
        told = self.shop.part_order(basket.id, person).shipping_minor
        known = basket.parts.get(person)
        if known is None or known.id != part_id:
            until = min(now + HOLD, basket.until)
            known = basket.parts[person] = Part(part_id, goods, told, until)
        with suppress(ShopError):
            attempt = self.shop.starts_on_part(basket.id, person)
            self.attempts.append((attempt, basket, person, known))

    @precondition(lambda self: self.attempts)
    @rule(pick=PICK)
    def money_arrives(self, pick: int) -> None:
        """In time, late, or told again: whichever it is by now."""
        attempt, basket, person, part = self.attempts[-1 - pick % len(self.attempts)]
        self.shop.money_arrives(attempt)
        if basket.parts.get(person) is part and part.state == "held":
            if basket.runs(self.shop.now):
                part.state = "paid"
            else:
                del basket.parts[person]
        self.compare()

    @precondition(lambda self: self.baskets)
    @rule(pick=PICK, person=PEOPLE)
    def leave(self, pick: int, person: str) -> None:
        basket = self._basket(pick)
        if self._let(lambda: self.shop.leaves_split(basket.id, person)):
            assert basket.state == "open"
            del basket.parts[person]
        self.compare()

    @precondition(lambda self: self.baskets)
    @rule(pick=PICK)
    def close(self, pick: int) -> None:
        basket = self._basket(pick)
        may = basket.state == "open" and basket.is_enough()
        assert self._let(lambda: self.shop.closes_split(basket.id, basket.by)) == may
        if may:
            basket.order()
        self.compare()

    @precondition(lambda self: self.baskets)
    @rule(pick=PICK)
    def call_off(self, pick: int) -> None:
        basket = self._basket(pick)
        may = basket.runs(self.shop.now)  # its deadline decides otherwise
        assert self._let(lambda: self.shop.ends_split(basket.id)) == may
        if may:
            basket.state = "cancelled"
        self.compare()

    @precondition(lambda self: self.baskets)
    @rule(pick=PICK, person=PEOPLE)
    def one_goes_back(self, pick: int, person: str) -> None:
        basket = self._basket(pick)
        part = basket.parts.get(person)
        if part is not None and part.state != "held" and basket.state in ("open", "ordered"):
            self.shop.shop_refunds(basket.id, person)
            del basket.parts[person]
        self.compare()

    # What time and machines do.

    @rule(minutes=MINUTES)
    def clock(self, minutes: int) -> None:
        """Time goes by, and nobody has looked yet."""
        self.shop.turn_clock(timedelta(minutes=minutes))

    @rule()
    def work(self) -> None:
        self.shop.work()
        now = self.shop.now
        for basket in self.baskets:
            if basket.state == "open" and basket.until <= now:
                if basket.is_enough():
                    basket.order()
                else:
                    basket.state = "failed"
            basket.carry_out(now)
        self.compare(at_rest=True)

    # Paths that random play seldom finds.

    @initialize(path=st.sampled_from(["order", "early", "miss", "cancel", "late"]))
    def begin(self, path: str) -> None:
        """One run in five, each."""
        self.open("Lan")
        self.put_in(0, "Wei", 1, 0)
        self.money_arrives(0)
        if path in ("order", "early"):
            self.put_in(0, "Jun", 1, 1)
            self.money_arrives(0)
        elif path in ("late", "miss"):
            self.put_in(0, "Jun", 2, 0)
        acts: dict[str, Callable[[], None]] = {
            "early": lambda: self.close(0),
            "cancel": lambda: self.call_off(0),
        }
        acts.get(path, lambda: self.clock(60))()
        if path == "late":
            self.money_arrives(0)
        self.work()

    # What must hold.

    def compare(self, *, at_rest: bool = False) -> None:
        """Each basket as the model has it: one that runs at any time, the others when the jobs
        have run."""
        with self.shop.database.reading() as session:
            rows = {row.id: row for row in session.scalars(select(SplitOrder))}
            parts = session.scalars(select(SplitPart)).all()
            for basket in self.baskets:
                row = rows[basket.id]
                assert row.state == basket.state
                if basket.state == "open" or at_rest:
                    self._same(row, basket)
                if basket.state == "ordered":
                    assert row.final_people == basket.people
        self.seen |= {f"split {row.state}" for row in rows.values()}
        self.seen |= {f"part {part.state}" for part in parts}

    def _same(self, row: SplitOrder, basket: Basket) -> None:
        live = basket.parts.values()
        assert row.places == len(live)
        assert row.held_minor == sum(part.goods for part in live)
        assert (row.people, row.paid_minor) == (basket.has_paid(), basket.goods)

    def teardown(self) -> None:
        self.shop.turn_clock(timedelta(days=1))
        self.work()
        assert self.shop.violations() == []
        self._every_cent_is_somewhere()
        self.count_run()

    def _every_cent_is_somewhere(self) -> None:
        """Goods and delivery of what was ordered are the shop's; all else is its payers' again."""
        earned = 0
        for basket in self.baskets:
            if basket.state == "ordered":
                earned += basket.goods + self._delivery(basket)
        with self.shop.database.reading() as session:
            taken = sum(session.scalars(select(PaymentAttempt.captured_minor)))
            back = sum(session.scalars(select(Refund.amount_minor)))
        assert taken - back == earned
        assert self.shop.books().get("revenue", 0) == earned

    def _delivery(self, basket: Basket) -> int:
        """Equal by head, a cent more for some, and nobody pays more than they were told."""
        shares = self.shop.delivery_paid(basket.id)
        assert set(shares) == set(basket.parts)
        equal = 0 if basket.goods >= 30000 else FEE // basket.people
        for person, part in basket.parts.items():
            assert shares[person] in {min(part.told, equal), min(part.told, equal + 1)}
        told = [part.told for part in basket.parts.values()]
        if len(told) == basket.people and min(told) > equal > 0:
            assert sum(shares.values()) == FEE
        return sum(shares.values())

    def _basket(self, pick: int) -> Basket:
        return self.baskets[pick % len(self.baskets)]

    def _let(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except (Refused, ShopError):
            return False
        return True
