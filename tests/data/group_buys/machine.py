"""A group-buy shop under random and directed play, compared with the plain model at every step."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import func, select

from data.group_buys import (
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
    Underpaid,
    live_seat,
    open_team,
)
from data.kernel.database import Base, Database
from data.kernel.errors import GroupBuyClosed, PaymentLinkExpired, ShopError, WrongState
from data.payments import PaymentAttempt
from data.payments.gateway import PaymentStatus
from data.payments.refunds import still_ours
from tests.data.group_buys.model import FULFILLED, HELD, PAID, TTL, Model, ModelTeam, Place
from tests.data.group_buys.shop import PRICE, GroupShop
from tests.machines import CountedMachine

ON_HAND, LIMIT = 7, 3
STEPS = ((3, 5900),)  # of a ladder, after two at PRICE
WINDOW = timedelta(hours=1)
NAMES = ("Lan", "Wei", "Jun", "Qi", "An")
PEOPLE = st.sampled_from(NAMES)
PICK = st.integers(min_value=0, max_value=11)
MINUTES = st.sampled_from([1, 4, 10, 25, 60])
_DIRECTED = 2
PATHS = ("fill", "refund", "miss", "enough", "leave", "lapse")


def found_shop(
    file: Path,
    *,
    size: int,
    tiers: Sequence[tuple[int, int]] = (),
    mode: PayMode = PayMode.CHARGE,
    underpaid: Underpaid = Underpaid.FAIL,
) -> GroupShop:
    """The shop that every run starts from; its file lies beside it as `kept`."""
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.engine)
    shop = GroupShop(
        database,
        size=size,
        on_hand=ON_HAND,
        limit=LIMIT,
        window=WINDOW,
        tiers=tiers,
        modes=(mode,),
        underpaid=underpaid,
        pay_window=WINDOW,
        longest_hold=timedelta(days=7),
    )
    database.close()
    for name in NAMES:
        shop.person(name)
    shop.keep(file.with_suffix(".kept"))
    return shop


class Crash(Exception):
    """The process dies here."""


class GroupBuyMachine(CountedMachine):
    """Each run plays in `shop` as it was `kept`. `paths`: how it may begin."""

    shop: ClassVar[GroupShop]
    kept: ClassVar[Path]
    size: ClassVar[int]
    tiers: ClassVar[Sequence[tuple[int, int]]] = ()
    mode: ClassVar[PayMode] = PayMode.CHARGE
    underpaid: ClassVar[Underpaid] = Underpaid.FAIL
    paths: ClassVar[Sequence[str]] = PATHS
    only: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.shop.start_again(self.kept)
        self.model = Model(on_hand=ON_HAND, limit=LIMIT)
        self.directed = 0

    @property
    def ships(self) -> bool:
        return self.underpaid == Underpaid.SHIP

    # What people do.

    @rule(person=PEOPLE)
    def open(self, person: str) -> None:
        self._open(person)

    def _open(self, person: str) -> ModelTeam | None:
        reasons = self.model.why_not(None, person, self.shop.now)
        try:
            team_id = self.shop.opens(person)
        except ShopError as error:
            self._expected(error, reasons, person)
            return None
        assert not reasons
        ladder = ((self.size, PRICE), *self.tiers)
        team = ModelTeam(
            team_id, ladder, self.shop.now + WINDOW, self.mode, WINDOW, ships=self.ships
        )
        self.model.teams.append(team)
        self._seat(team, person)
        self.the_shop_is_as_the_model_says()
        return team

    @precondition(lambda self: self.model.teams)
    @rule(person=PEOPLE, pick=PICK)
    def join(self, person: str, pick: int) -> None:
        self._join(self._team(pick), person)

    def _join(self, team: ModelTeam, person: str) -> None:
        reasons = self.model.why_not(team, person, self.shop.now)
        try:
            self.shop.joins(team.id, person)
        except ShopError as error:
            self._expected(error, reasons, person)
            return
        assert not reasons
        self._seat(team, person)

    @precondition(lambda self: self.model.places())
    @rule(pick=PICK)
    def start_paying(self, pick: int) -> None:
        self._start(self._place(pick))

    def _start(self, place: Place) -> None:
        if place.state != HELD:
            return
        now, team = self.shop.now, place.team
        fresh = not place.ordered
        holds = self.mode == PayMode.HOLD
        try:
            place.attempt = self.shop.starts_paying(team.id, place.person, authorize=holds)
        except WrongState:
            assert team.pledging()
            return
        except GroupBuyClosed:
            assert fresh
            assert not team.payable(now)
            return
        except PaymentLinkExpired:
            assert not fresh
            assert place.until <= now
            return
        place.ordered = True
        if fresh:
            longer = max(now + TTL, place.until)  # who waited has longer than ten minutes
            place.until = team.pay_until or min(longer, team.deadline)

    @precondition(lambda self: self.model.places())
    @rule(pick=PICK)
    def money_arrives(self, pick: int) -> None:
        """In time, late, or told again: whichever it is by now."""
        self._arrive(self._place(pick))

    def _arrive(self, place: Place) -> None:
        if place.attempt is not None:
            holds = self.mode == PayMode.HOLD
            status = PaymentStatus.AUTHORIZED if holds else PaymentStatus.CAPTURED
            self.shop.money_arrives(place.attempt, status=status)
            self.model.arrives(place, self.shop.now)
            self.the_shop_is_as_the_model_says()

    @precondition(lambda self: self.model.places())
    @rule(pick=PICK)
    def give_up(self, pick: int) -> None:
        place = self._place(pick)
        if place.state == HELD:
            self.shop.leaves(place.team.id, place.person)
        elif place.state in (PAID, FULFILLED):
            self.shop.calls_off(place.team.id, place.person)
        else:
            return
        self.model.ends(place, self.shop.now)

    # What time and machines do.

    @rule(minutes=MINUTES)
    def clock(self, minutes: int) -> None:
        """Time goes by, and nobody has looked yet."""
        self.shop.turn_clock(timedelta(minutes=minutes))

    @rule()
    def work(self) -> None:
        self.model.work(self.shop.now)
        self.shop.work()
        self._adopt_ties()

    @rule(person=PEOPLE)
    def crash(self, person: str) -> None:
        """The process dies after the work and before the commit."""
        person_id = self.shop.person(person)
        try:
            with self.shop.database.transaction() as session:
                open_team(
                    session,
                    campaign_id=self.shop.campaign_id,
                    chat_id=None,
                    leader_id=person_id,
                    now=self.shop.now,
                )
                raise Crash
        except (Crash, ShopError):
            return

    # Paths that random play seldom finds.

    @initialize(path=st.sampled_from(PATHS))
    def begin(self, path: str) -> None:
        """One run in six, each: what random play alone would hardly reach. `only`: every run."""
        self._begin(self.only or path)

    def _begin(self, path: str) -> None:
        if self.mode == PayMode.JOIN_FIRST and path == "lapse":
            path = "fill"  # a pledge does not lapse
        if path in ("fill", "refund"):
            self.fill_a_team(refund=path == "refund")
        elif path == "miss":
            self.miss_the_deadline()
        elif path == "enough":
            self.enough_at_the_deadline()
        elif self._open("Lan") is not None and path == "leave":
            self.give_up(0)
        else:
            self.clock(10)
            self.work()

    # Each is ten steps in one, and half of a run's time: two of them fill the small shop.

    @precondition(lambda self: self.directed < _DIRECTED)
    @rule(refund=st.booleans())
    def fill_a_team(self, refund: bool) -> None:
        self.directed += 1
        team = self._opened_by_somebody()
        if team is None:
            return
        for person in NAMES:
            self._join(team, person)
        for place in team.live():
            self._start(place)
            self._arrive(place)
        if team.state == TeamState.SUCCESS:
            self.work()
            if refund:
                self.give_up(self.model.places().index(team.places[0]))

    @precondition(lambda self: self.directed < _DIRECTED)
    @rule()
    def miss_the_deadline(self) -> None:
        """One has paid, one pays a moment too late; nobody has noticed the deadline yet."""
        self.directed += 1
        team = self._opened_by_somebody()
        if team is None:
            return
        first = team.places[0]
        self._start(first)
        self._arrive(first)
        self.clock(25)
        self.clock(25)
        self._join(team, "An")
        self._start(team.places[-1])
        self.clock(10)
        self._arrive(team.places[-1])
        self.work()

    @precondition(lambda self: self.directed < _DIRECTED)
    @rule()
    def enough_at_the_deadline(self) -> None:
        """As many as must have paid, one more holds a place, and the time is up: on a ladder that
        is a success without the last tier."""
        self.directed += 1
        team = self._opened_by_somebody()
        if team is None:
            return
        self._join(team, next(name for name in NAMES if name != team.places[0].person))
        for place in team.live():
            self._start(place)
            self._arrive(place)
        self.clock(25)
        self.clock(25)
        self.clock(4)
        self._join(team, "An")
        self.clock(10)
        self.work()
        if team.state == TeamState.PAYING:
            self._start(team.live()[0])
            self._arrive(team.live()[0])
            self.clock(60)
            self.work()
            if team.paid():  # those who paid are shipped to; one of them thinks again
                self.give_up(self.model.places().index(team.live()[0]))

    def _opened_by_somebody(self) -> ModelTeam | None:
        for person in NAMES:
            team = self._open(person)
            if team is not None:
                return team
        return None

    # What must hold.

    @invariant()
    def the_shop_is_as_the_model_says(self) -> None:
        with self.shop.database.reading() as session:
            seats = {row.id: row.state for row in session.execute(select(Seat.id, Seat.state))}
            rows = session.execute(
                select(Team.id, Team.state, Team.held, Team.paid, Team.final_size)
            ).all()
        teams = {team_id: tuple(rest) for team_id, *rest in rows}
        assert seats == {place.id: place.state for place in self.model.places()}
        assert teams == {
            team.id: (team.state, len(team.live()), team.paid(), team.final_size)
            for team in self.model.teams
        }
        self.seen |= {f"seat {state}" for state in seats.values()}
        self.seen |= {f"team {state}" for state, *_ in teams.values()}

    def teardown(self) -> None:
        for _ in range(2):  # the deadline, and a window to pay in
            self.clock(60)
            self.work()
        self.the_shop_is_as_the_model_says()
        self._money_is_as_the_model_says()
        assert self.shop.violations() == []
        self.count_run()

    def _money_is_as_the_model_says(self) -> None:
        """What we have of each place's money, when everything is at rest."""
        with self.shop.database.reading() as session:
            for place in self.model.places():
                order_id = session.get_one(Seat, place.id).order_id
                kept = still_ours(session, order_id) if order_id else 0
                assert kept == place.owes()
                attempts = select(func.sum(PaymentAttempt.captured_minor))
                taken = session.scalar(attempts.where(PaymentAttempt.order_id == order_id))
                assert (taken or 0) == place.taken

    def _team(self, pick: int) -> ModelTeam:
        """The newest are picked most."""
        return self.model.teams[-1 - pick % len(self.model.teams)]

    def _place(self, pick: int) -> Place:
        places = self.model.places()
        return places[pick % len(places)]

    def _seat(self, team: ModelTeam, person: str) -> None:
        with self.shop.database.reading() as session:
            seat = live_seat(session, team_id=team.id, person_id=self.shop.person(person))
            assert seat is not None
            until = team.deadline if team.pledging() else min(self.shop.now + TTL, team.deadline)
            team.places.append(Place(seat.id, team, person, until, SeatState(seat.state)))
            team.ask_if_full(self.shop.now)

    def _expected(self, error: ShopError, reasons: set[str], person: str) -> None:
        paused = error.detail == "seat_paused" and self.model.may_be_paused(person)
        assert paused or error.code in reasons

    def _adopt_ties(self) -> None:
        """Lapse and deadline at the same moment: whichever was worked first is right."""
        ends = (TeamState.FAILED, TeamState.CANCELLED)
        with self.shop.database.reading() as session:
            for team in self.model.teams:
                if team.either and team.state in ends:
                    state = TeamState(session.get_one(Team, team.id).state)
                    assert state in ends
                    team.state, team.either = state, False
