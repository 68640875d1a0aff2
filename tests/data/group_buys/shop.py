"""A small shop with one group-buy, its people, its bank and its clock, for tests to play with."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from data import payments, pools, split_orders
from data.audit import Violation, audit
from data.catalogue import Product
from data.delivery import jobs
from data.delivery.models import Job
from data.group_buys import (
    JOBS,
    Campaign,
    CampaignTerms,
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamMoved,
    TeamView,
    Tier,
    cancel_team,
    complete_with,
    join,
    leave,
    leave_line,
    listen,
    live_seat,
    open_team,
    place_seat_order,
    start_campaign,
    team_view,
    wait_for_place,
)
from data.group_buys.teams import CLOSE
from data.group_buys.waiting import all_in_line
from data.kernel.database import Database
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import JOBS as ORDER_JOBS
from data.orders import Order, OrderDetails, OrderState
from data.payments import JOBS as PAYMENT_JOBS
from data.payments import (
    PaymentAttempt,
    Refund,
    RefundState,
    Way,
    apply_refund_truth,
    apply_truth,
    begin_attempt,
    cancel_order,
)
from data.payments.attempts import move_attempt
from data.payments.by_shop import refund_by_shop
from data.payments.calls import Verb
from data.payments.gateway import PaymentStatus, ProviderPayment, ProviderRefund, RefundStatus
from data.payments.models import AttemptState
from data.payments.refunds import move_refund
from data.personal import old_addresses
from data.personal.forgetting import JOBS as FORGETTING
from tests.builders import NOW, SESSION_INFO, a_merchant, a_person, a_product, the_variant

PRICE = 6600
RUNNERS = {
    **JOBS,
    **pools.JOBS,
    **split_orders.JOBS,
    **ORDER_JOBS,
    **PAYMENT_JOBS,
    **FORGETTING,
    **old_addresses.JOBS,
}


def _is_newest(session: Session, fact: Fact, _now: datetime) -> None:
    """Who writes the card hears of it first, and takes the version that is told for the newest."""
    if isinstance(fact, TeamMoved):
        newest = select(Team.version).where(Team.id == fact.team_id)
        assert session.scalar(newest) == fact.version


class Unable(Exception):
    """What a job that cannot do its work raises."""


class GroupShop:
    """Everything by the names of people. Each method is one transaction, as in a running shop."""

    takes_parts: ClassVar[bool] = True  # its bank, of what it holds

    def __init__(
        self,
        database: Database,
        *,
        size: int = 3,
        on_hand: int = 20,
        limit: int = 1,
        window: timedelta = timedelta(hours=24),
        tiers: Sequence[tuple[int, int]] = (),
        **more: Any,
    ) -> None:
        """`tiers`: sizes and prices after (`size`, PRICE). `more`: what else its terms say."""
        self.facts: list[Fact] = []
        self.now: datetime = NOW
        url = database.engine.url.render_as_string(hide_password=False)
        nouns = (payments.listen, listen, pools.listen, split_orders.listen, old_addresses.listen)
        others = (*nouns, self._note)
        self.database = Database(url, listeners=(_is_newest, *others), info=SESSION_INFO)
        if self.database.is_sqlite:
            event.listen(self.database.engine, "connect", _in_no_hurry)
        self._people: dict[str, str] = {}
        self._unclosable: set[str] = set()
        with self.database.transaction() as session:
            merchant = a_merchant(session)
            product = a_product(session, merchant, on_hand=on_hand)
            terms = CampaignTerms(
                team_size=size,
                team_price=Money(PRICE, "CNY"),
                window=window,
                starts_at=NOW,
                ends_at=NOW + timedelta(days=3650),
                per_person_limit=limit,
                tiers=tuple(Tier(least, Money(minor, "CNY")) for least, minor in tiers),
                **more,
            )
            self.merchant_id, self.product_id = merchant.id, product.id
            self.campaign_id = start_campaign(
                session,
                merchant_id=merchant.id,
                variant_id=the_variant(session, product).id,
                terms=terms,
                now=NOW,
            ).id

    def _note(self, session: Session, fact: Fact, now: datetime) -> None:
        self.facts.append(fact)

    def close(self) -> None:
        self.database.close()

    def keep(self, copy: Path) -> None:
        """Save the shop's file as it is (SQLite only), for `start_again`."""
        self.database.close()  # which also empties the write-ahead log
        shutil.copyfile(self._file(), copy)

    def start_again(self, copy: Path) -> None:
        """Back to what was kept, on the first day. The engine stays: it knows its statements."""
        self.database.close()
        shutil.copyfile(copy, self._file())
        self.facts.clear()
        self.now = NOW

    def _file(self) -> str:
        assert self.database.engine.url.database is not None
        return self.database.engine.url.database

    def person(self, name: str) -> str:
        if name not in self._people:
            with self.database.transaction() as session:
                merchant = session.get_one(Merchant, self.merchant_id)
                self._people[name] = a_person(session, merchant, name=name).id
        return self._people[name]

    def opens(self, name: str, mode: PayMode | None = None) -> str:
        person_id = self.person(name)
        with self.database.transaction() as session:
            team = open_team(
                session,
                campaign_id=self.campaign_id,
                chat_id=None,
                leader_id=person_id,
                now=self.now,
                mode=mode,
            )
            return team.id

    def joins(self, team_id: str, *names: str, quantity: int = 1) -> None:
        for name in names:
            person_id = self.person(name)
            with self.database.transaction() as session:
                join(
                    session,
                    team_id=team_id,
                    person_id=person_id,
                    quantity=quantity,
                    now=self.now,
                )

    def waits(self, team_id: str, *names: str, quantity: int = 1) -> None:
        for name in names:
            person_id = self.person(name)
            with self.database.transaction() as session:
                wait_for_place(
                    session,
                    team_id=team_id,
                    person_id=person_id,
                    quantity=quantity,
                    now=self.now,
                )

    def leaves_line(self, team_id: str, name: str) -> bool:
        with self.database.transaction() as session:
            return leave_line(session, team_id=team_id, person_id=self.person(name), now=self.now)

    def line(self, team_id: str) -> list[str]:
        """Who waits, the first first."""
        names = {person_id: name for name, person_id in self._people.items()}
        with self.database.reading() as session:
            return [names[one.person_id] for one in all_in_line(session, team_id=team_id)]

    def orders(self, team_id: str, name: str) -> str:
        person_id = self.person(name)
        with self.database.transaction() as session:
            seat = live_seat(session, team_id=team_id, person_id=person_id)
            assert seat is not None
            order = place_seat_order(session, seat_id=seat.id, details=OrderDetails(), now=self.now)
            return order.id

    def starts_paying(self, team_id: str, name: str, *, authorize: bool = False) -> str:
        """They are on the provider's page; gives the attempt."""
        order_id = self.orders(team_id, name)
        with self.database.transaction() as session:
            attempt = begin_attempt(
                session, order_id=order_id, way=Way("bank"), now=self.now, authorize=authorize
            )
            move_attempt(session, attempt, AttemptState.SUBMITTED, now=self.now)
            return attempt.id

    def money_arrives(
        self, attempt_id: str, *, status: PaymentStatus = PaymentStatus.CAPTURED
    ) -> bool:
        with self.database.transaction() as session:
            attempt = session.get_one(PaymentAttempt, attempt_id)
            return apply_truth(
                session,
                attempt_id=attempt_id,
                truth=ProviderPayment(status, attempt.amount, f"bank-{attempt_id}"),
                now=self.now,
            )

    def pays(self, team_id: str, *names: str) -> None:
        for name in names:
            self.money_arrives(self.starts_paying(team_id, name))

    def leaves(self, team_id: str, name: str) -> None:
        with self.database.transaction() as session:
            leave(session, team_id=team_id, person_id=self.person(name), now=self.now)

    def calls_off(self, team_id: str, name: str) -> None:
        """They cancel an order that is already paid."""
        with self.database.transaction() as session:
            seat = live_seat(session, team_id=team_id, person_id=self.person(name))
            assert seat is not None
            assert seat.order_id is not None
            cancel_order(session, order_id=seat.order_id, person_id=None, now=self.now)

    def gives_back(self, attempt_id: str) -> None:
        """The shop gives all of a payment back by its form for refunds."""
        told = {"attempt_id": attempt_id, "amount": None, "key": attempt_id}
        with self.database.transaction() as session:
            refund_by_shop(session, **told, now=self.now)

    def completes(self, team_id: str, people: int) -> None:
        """The shop lets so many be enough."""
        with self.database.transaction() as session:
            complete_with(
                session,
                merchant_id=self.merchant_id,
                team_id=team_id,
                people=people,
                by="mei@shop",
                now=self.now,
            )

    def cancels(self, team_id: str, by: str = "mei@shop") -> None:
        told = {"merchant_id": self.merchant_id, "team_id": team_id, "by": by}
        with self.database.transaction() as session:
            cancel_team(session, **told, now=self.now)

    def turn_clock(self, by: timedelta) -> None:
        self.now += by

    def later(self, by: timedelta) -> None:
        self.turn_clock(by)
        self.work()

    def work(self) -> None:
        """All that is due is done: jobs, and the bank's refunds, until nothing is left."""
        while self.run_jobs() + self._take_or_let_go() + self._give_back():
            pass

    def run_jobs(self) -> int:
        """The jobs alone: the bank has heard of nothing yet. Gives how many ran."""
        with self.database.transaction() as session:
            lanes = jobs.due_lanes(session, now=self.now, limit=1000)
        return sum(self._run_lane(lane) for lane in lanes)

    def _run_lane(self, lane: str) -> int:
        """As a worker does it, in one transaction a job."""
        ran = 0
        while True:
            with self.database.transaction() as session:
                job = jobs.claim(session, lane=lane, now=self.now)
                if job is None:
                    return ran
                self._try(session, job)
            ran += 1

    def _try(self, session: Session, job: Job) -> None:
        try:
            with session.begin_nested():
                if jobs.finish(session, job_id=job.id, now=self.now):
                    self._run(session, job)
        except Unable as error:
            jobs.fail(session, job_id=job.id, error=str(error), now=self.now)

    def _run(self, session: Session, job: Job) -> None:
        RUNNERS[job.kind](session, job, self.now)
        if job.kind == CLOSE and job.args["seat_id"] in self._unclosable:
            raise Unable

    @contextmanager
    def unable_to_close(self, seat_id: str) -> Iterator[None]:
        """While this lasts, closing that seat fails at its very end."""
        self._unclosable.add(seat_id)
        yield
        self._unclosable.discard(seat_id)

    def _take_or_let_go(self) -> int:
        """What the bank holds is captured or let go, as we want it."""
        held = select(PaymentAttempt).where(
            PaymentAttempt.state == AttemptState.AUTHORIZED,
            PaymentAttempt.call.in_((Verb.CAPTURE, Verb.VOID)),
        )
        with self.database.transaction() as session:
            attempts = session.scalars(held).all()
            for attempt in attempts:
                takes, name = attempt.call == Verb.CAPTURE, f"bank-{attempt.id}"
                amount = (self.takes_parts and attempt.to_capture) or attempt.amount
                status = PaymentStatus.CAPTURED if takes else PaymentStatus.VOIDED
                truth = ProviderPayment(status, amount if takes else attempt.amount, name)
                apply_truth(session, attempt_id=attempt.id, truth=truth, now=self.now)
            return len(attempts)

    def _give_back(self) -> int:
        with self.database.transaction() as session:
            refunds = session.scalars(
                select(Refund).where(Refund.state == RefundState.REQUESTED)
            ).all()
            for refund in refunds:
                move_refund(session, refund, RefundState.SUBMITTED, now=self.now)
                truth = ProviderRefund(RefundStatus.SUCCEEDED, refund.amount, f"bank-{refund.id}")
                apply_refund_truth(session, refund_id=refund.id, truth=truth, now=self.now)
            return len(refunds)

    def violations(self, grace: timedelta = timedelta(0)) -> list[Violation]:
        with self.database.reading() as session:
            return audit(session, now=self.now, grace=grace)

    def view(self, team_id: str) -> TeamView:
        with self.database.reading() as session:
            return team_view(session, team_id)

    def seats(self, team_id: str) -> dict[str, list[SeatState]]:
        """Each person's seats in a team, oldest first."""
        names = {person_id: name for name, person_id in self._people.items()}
        found: dict[str, list[SeatState]] = {}
        with self.database.reading() as session:
            seats = select(Seat).where(Seat.team_id == team_id).order_by(Seat.created_at, Seat.id)
            for seat in session.scalars(seats):
                found.setdefault(names[seat.person_id], []).append(SeatState(seat.state))
        return found

    def seat_ids(self, team_id: str) -> list[str]:
        with self.database.reading() as session:
            ids = select(Seat.id).where(Seat.team_id == team_id).order_by(Seat.id)
            return list(session.scalars(ids))

    def leader(self, team_id: str) -> str:
        names = {person_id: name for name, person_id in self._people.items()}
        with self.database.reading() as session:
            return names[session.get_one(Team, team_id).leader_id]

    def order_states(self) -> list[OrderState]:
        with self.database.reading() as session:
            return sorted(OrderState(state) for state in session.scalars(select(Order.state)))

    def refunds(self) -> list[tuple[RefundState, int]]:
        with self.database.reading() as session:
            rows = session.execute(select(Refund.state, Refund.amount_minor)).all()
            return [(RefundState(state), minor) for state, minor in rows]

    def shelf(self) -> tuple[int, int]:
        """How many are there, and how many of them are promised."""
        with self.database.reading() as session:
            variant = the_variant(session, session.get_one(Product, self.product_id))
            return variant.on_hand, variant.held

    def campaign(self) -> Campaign:
        with self.database.reading() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            session.expunge(campaign)
            return campaign

    def told(self, kind: type[Fact]) -> int:
        return sum(isinstance(fact, kind) for fact in self.facts)


def _in_no_hurry(connection: object, _record: object) -> None:
    """A test's shop need not survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]
