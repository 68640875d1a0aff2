"""Invariant I1, whatever happens in whatever order: a plain model beside the database."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import data.catalogue as shelf
from data.catalogue import Hold, HoldState, StockMove, Variant
from data.kernel.database import Database
from data.kernel.errors import NotFound, OutOfStock, WrongState
from tests.builders import NOW, a_merchant, a_product, the_variant

OWNERS = st.sampled_from(["ann", "bob"])
QUANTITIES = st.integers(1, 4)
REACHED: set[str] = set()


class Shelf(RuleBasedStateMachine):
    """Each rule is one transaction; `on_hand` and `held` are what ought to be true."""

    database: Database

    @initialize(on_hand=st.integers(0, 6))
    def open_the_shop(self, on_hand: int) -> None:
        with self.database.transaction() as session:
            product = a_product(session, a_merchant(session), on_hand=on_hand)
            self.variant_id = the_variant(session, product).id
        self.on_hand, self.held, self.gone, self.step = on_hand, dict[str, int](), set[str](), 0

    def teardown(self) -> None:
        for owner in getattr(self, "held", {}):
            with self.database.transaction() as session:
                shelf.release_hold(session, owner_ref=self.ref(owner), now=NOW)

    def ref(self, owner: str) -> str:
        """Owners of their own for every story, as all are told in one database."""
        return f"{owner}:{self.variant_id}"

    @rule(owner=OWNERS, quantity=QUANTITIES)
    def hold(self, owner: str, quantity: int) -> None:
        refused = False
        with self.database.transaction() as session:
            try:
                shelf.hold_stock(
                    session,
                    variant_id=self.variant_id,
                    quantity=quantity,
                    owner_ref=self.ref(owner),
                    expires_at=NOW + timedelta(minutes=quantity),
                    now=NOW,
                )
            except (OutOfStock, WrongState):
                refused = True
        fits = self.on_hand - sum(self.held.values()) >= quantity
        new = owner not in self.held and owner not in self.gone
        assert refused == ((new and not fits) or (not new and not self.same(owner, quantity)))
        if new and fits:
            self.held[owner] = quantity
        REACHED.add("refused" if refused else "held")

    def same(self, owner: str, quantity: int) -> bool:
        with self.database.transaction() as session:
            return bool(
                session.scalar(select(Hold.quantity).where(Hold.owner_ref == self.ref(owner)))
                == quantity
            )

    @rule(owner=OWNERS)
    def sell(self, owner: str) -> None:
        with self.database.transaction() as session:
            try:
                shelf.commit_hold(session, owner_ref=self.ref(owner), now=NOW)
            except (NotFound, WrongState):
                assert owner not in self.held
                assert owner not in self.gone
        if owner in self.held:
            self.on_hand -= self.held.pop(owner)
            self.gone.add(owner)
            REACHED.add("sold")

    @rule(owner=OWNERS)
    def release(self, owner: str) -> None:
        with self.database.transaction() as session:
            shelf.release_hold(session, owner_ref=self.ref(owner), now=NOW)
        if self.held.pop(owner, None):
            REACHED.add("released")

    @rule(minutes=st.integers(0, 5))
    def time_passes(self, minutes: int) -> None:
        late = {owner: n for owner, n in self.held.items() if n <= minutes}
        with self.database.transaction() as session:
            now = NOW + timedelta(minutes=minutes)
            assert shelf.release_expired(session, now=now) == len(late)
        for owner in late:
            del self.held[owner]
            REACHED.add("expired")

    @rule(owner=OWNERS, ending=st.sampled_from(["sell", "release", "expire"]))
    def a_whole_purchase(self, owner: str, ending: str) -> None:
        """A directed story: random steps seldom hold, and then do the one thing that counts."""
        self.hold(owner, 1)
        if ending == "expire":
            self.time_passes(1)
        else:
            getattr(self, ending)(owner)

    @rule(quantity=QUANTITIES)
    def deliver(self, quantity: int) -> None:
        self.step += 1
        with self.database.transaction() as session:
            for _ in range(2):
                shelf.restock(
                    session,
                    variant_id=self.variant_id,
                    quantity=quantity,
                    reason="delivery",
                    ref=str(self.step),
                    now=NOW,
                )
        self.on_hand += quantity

    @rule(counted=st.integers(0, 8))
    def count(self, counted: int) -> None:
        self.step += 1
        with self.database.transaction() as session:
            shelf.count_stock(
                session,
                variant_id=self.variant_id,
                on_hand=counted,
                reason="counted",
                ref=str(self.step),
                now=NOW,
            )
        self.on_hand = max(counted, sum(self.held.values()))

    @rule(owner=OWNERS)
    def crash(self, owner: str) -> None:
        """Work that is rolled back never happened."""
        session = Session(self.database.engine)
        shelf.release_hold(session, owner_ref=self.ref(owner), now=NOW)
        shelf.release_expired(session, now=NOW + timedelta(hours=1))
        session.rollback()
        session.close()

    @invariant()
    def counters_moves_and_holds_agree(self) -> None:
        if not hasattr(self, "variant_id"):
            return
        with self.database.transaction() as session:
            variant = session.get_one(Variant, self.variant_id)
            live = session.scalar(
                select(func.coalesce(func.sum(Hold.quantity), 0)).where(
                    Hold.state == HoldState.HELD, Hold.variant_id == self.variant_id
                )
            )
            moved = session.scalar(
                select(func.coalesce(func.sum(StockMove.delta), 0)).where(
                    StockMove.variant_id == self.variant_id
                )
            )
            assert (variant.on_hand, variant.held) == (self.on_hand, sum(self.held.values()))
            assert live == variant.held
            assert moved == variant.on_hand
            assert 0 <= variant.held <= variant.on_hand


def test_i1_holds_through_any_story_of_the_shelf(database: Database) -> None:
    Shelf.database = database
    run_state_machine_as_test(
        Shelf,
        settings=settings(
            max_examples=30,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {"held", "refused", "sold", "released", "expired"} <= REACHED
