"""What a group-buy should do, in plain Python: no database, no locks, no jobs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data.group_buys import PayMode, SeatState, TeamState
from data.group_buys.models import LIVE, PAYING

TTL = timedelta(minutes=10)
HELD, PAID, FULFILLED = SeatState.HELD, SeatState.PAID, SeatState.FULFILLED
RELEASED, REFUNDED = SeatState.RELEASED, SeatState.REFUNDED


@dataclass
class Place:
    id: str
    team: "ModelTeam"
    person: str
    until: datetime
    state: SeatState = HELD
    ordered: bool = False
    attempt: str | None = None
    told: bool = False
    taken: int = 0  # what the bank ever took of theirs

    def owes(self) -> int:
        """What we keep of their money in the end."""
        return self.team.final_price() if self.state == FULFILLED else 0


@dataclass
class Waiter:
    """One person in line, by the number of their entry, and by whose link they first waited."""

    id: int
    person: str
    by: str | None = None


@dataclass
class ModelTeam:
    id: str
    ladder: tuple[tuple[int, int], ...]  # sizes and prices
    deadline: datetime
    mode: PayMode
    window: timedelta
    ships: bool
    pay_until: datetime | None = None
    state: TeamState = TeamState.OPEN
    places: list[Place] = field(default_factory=list)
    final_size: int | None = None
    either: bool = False  # its last seats lapse in the moment of its deadline
    line: list[Waiter] = field(default_factory=list)

    @property
    def minimum(self) -> int:
        return self.ladder[0][0]

    @property
    def target(self) -> int:
        return self.ladder[-1][0]

    def final_price(self) -> int:
        return min(price for size, price in self.ladder if size <= (self.final_size or 0))

    def succeeds(self) -> None:
        self.state, self.final_size = TeamState.SUCCESS, self.paid()

    def live(self) -> list[Place]:
        return [place for place in self.places if place.state in LIVE]

    def paid(self) -> int:
        return sum(place.state in PAYING for place in self.places)

    def pledging(self) -> bool:
        return self.mode == PayMode.JOIN_FIRST and self.state == TeamState.OPEN

    def payable(self, now: datetime) -> bool:
        if self.state == TeamState.PAYING:
            return self.pay_until is not None and now < self.pay_until
        return self.mode != PayMode.JOIN_FIRST and self.running(now)

    def ask_if_full(self, now: datetime) -> None:
        if self.pledging() and len(self.live()) >= self.target:
            self.ask(now)

    def ask(self, now: datetime) -> None:
        self.state, self.final_size = TeamState.PAYING, len(self.live())
        self.pay_until = now + self.window
        for place in self.live():
            place.until = self.pay_until

    def free(self) -> int:
        """Places for who waits; once all are asked to pay, as many as joined by then."""
        size = self.target if self.state == TeamState.OPEN else self.final_size
        return (size or 0) - len(self.live())

    def runs(self, now: datetime) -> bool:
        """May somebody still come into it?"""
        return self.running(now) or (self.state == TeamState.PAYING and self.payable(now))

    def is_waited_for(self) -> bool:
        return bool(self.line) and self.free() > 0

    def decide_window(self, now: datetime) -> None:
        if self.state != TeamState.PAYING:
            return
        undecided = self.paid() < len(self.live()) or self.is_waited_for()
        if self.payable(now) and undecided:
            return
        needed = max(size for size, _ in self.ladder if size <= (self.final_size or 0))
        enough = self.paid() > 0 and (self.ships or self.paid() >= needed)
        self.state = TeamState.SUCCESS if enough else TeamState.FAILED

    def price(self) -> int:
        """What is paid at first."""
        return self.final_price() if self.mode == PayMode.JOIN_FIRST else self.ladder[0][1]

    def running(self, now: datetime) -> bool:
        return self.state == TeamState.OPEN and now < self.deadline


class Model:
    """The shop as it should be; `why_not` names every reason a join may be refused for."""

    def __init__(self, *, on_hand: int, limit: int) -> None:
        self.on_hand, self.limit = on_hand, limit
        self.teams: list[ModelTeam] = []
        self.lapses: dict[str, int] = {}

    def places(self) -> list[Place]:
        return [place for team in self.teams for place in team.places]

    def why_not(self, team: ModelTeam | None, person: str, now: datetime) -> set[str]:
        live = [place for place in self.places() if place.state in LIVE]
        mine = [place for place in live if place.person == person]
        reasons = {
            "error_group_buy_closed": team is not None and not team.running(now),
            "error_no_seat_left": team is not None
            and (len(team.live()) >= team.target or bool(team.line)),
            "error_out_of_stock": len(live) >= self.on_hand,
            "error_already_joined": any(place.team is team for place in mine),
            "error_too_often": sum(place.state == HELD for place in mine) >= 3,
            "error_refused": len(mine) >= self.limit,
        }
        return {reason for reason, holds in reasons.items() if holds}

    def why_not_wait(self, team: ModelTeam, person: str, now: datetime) -> set[str]:
        """Who stands in line already is only asked what one is asked for a seat."""
        reasons = self.why_not(None, person, now) - {"error_out_of_stock"}
        if any(place.team is team for place in self.places() if self._is_of(place, person)):
            reasons.add("error_already_joined")
        if any(waiter.person == person for waiter in team.line):
            return reasons
        if not team.runs(now):
            reasons.add("error_group_buy_closed")
        elif team.state == TeamState.OPEN and team.free() > 0 and not team.line:
            reasons.add("error_wrong_state")
        lines = [one for one in self.teams if any(w.person == person for w in one.line)]
        return reasons | ({"error_too_often"} if len(lines) >= 3 else set())

    @staticmethod
    def _is_of(place: Place, person: str) -> bool:
        return place.person == person and place.state in LIVE

    def may_be_paused(self, person: str) -> bool:
        return self.lapses.get(person, 0) >= 3

    def arrives(self, place: Place, now: datetime) -> None:
        if not place.told and place.team.mode != PayMode.HOLD:
            place.taken = place.team.price()
        if place.told or place.state != HELD:
            place.told = True
            return
        place.told = True
        team = place.team
        place.state = PAID if team.payable(now) else REFUNDED
        if place.state == PAID and team.mode == PayMode.JOIN_FIRST:
            team.decide_window(now)
        elif place.state == PAID and team.paid() >= team.target:
            team.succeeds()

    def ends(self, place: Place, now: datetime) -> None:
        place.state = REFUNDED if place.state in PAYING else RELEASED
        self.end_if_idle(place.team, now)

    def end_if_idle(self, team: ModelTeam, now: datetime) -> None:
        """Nobody is in it and nobody waits to be; or nobody is left who could still pay."""
        if team.state == TeamState.OPEN and not team.live() and not team.line:
            team.state = TeamState.CANCELLED
        team.decide_window(now)

    def work(self, now: datetime) -> None:
        """Everything that is due, by when it was due."""
        for team in self.teams:
            if team.state == TeamState.PAYING:
                self._let_window_pass(team, now)
            elif team.pledging():
                self._let_pledges_pass(team, now)
            elif team.state == TeamState.OPEN:
                self._let_time_pass(team, now)
            self.follow(team)

    def follow(self, team: ModelTeam) -> None:
        for place in team.live():
            self._follow(place)

    def _let_pledges_pass(self, team: ModelTeam, now: datetime) -> None:
        if team.deadline <= now and len(team.live()) >= team.minimum:
            team.ask(now)
        elif team.deadline <= now:
            team.state = TeamState.FAILED

    def _let_window_pass(self, team: ModelTeam, now: datetime) -> None:
        team.decide_window(now)
        for place in team.live():
            if place.state == HELD and place.until <= now:
                self.lapses[place.person] = self.lapses.get(place.person, 0) + 1
                place.state = RELEASED
        team.decide_window(now)  # a turn ends before the window does

    def _let_time_pass(self, team: ModelTeam, now: datetime) -> None:
        for place in sorted(team.live(), key=lambda place: place.until):
            if place.state == HELD and place.until <= now and team.state == TeamState.OPEN:
                team.either = place.until >= team.deadline and len(team.live()) == 1
                self.lapses[place.person] = self.lapses.get(place.person, 0) + 1
                self.ends(place, now)
        if team.state == TeamState.OPEN and team.deadline <= now:
            if team.paid() >= team.minimum:
                team.succeeds()
            else:
                team.state = TeamState.FAILED

    def _follow(self, place: Place) -> None:
        """A seat does what its team's end asks for."""
        if place.team.state == TeamState.SUCCESS and place.state == PAID:
            place.state = FULFILLED
            place.taken = place.taken or place.team.final_price()
        elif place.team.state in (TeamState.FAILED, TeamState.CANCELLED):
            place.state = REFUNDED if place.state in PAYING else RELEASED
