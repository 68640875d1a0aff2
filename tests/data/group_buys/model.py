"""What a group-buy should do, in plain Python: no database, no locks, no jobs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data.group_buys import SeatState, TeamState
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


@dataclass
class ModelTeam:
    id: str
    target: int
    deadline: datetime
    state: TeamState = TeamState.OPEN
    places: list[Place] = field(default_factory=list)
    either: bool = False  # its last seats lapse in the moment of its deadline

    def live(self) -> list[Place]:
        return [place for place in self.places if place.state in LIVE]

    def paid(self) -> int:
        return sum(place.state in PAYING for place in self.places)

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
            "error_no_seat_left": team is not None and len(team.live()) >= team.target,
            "error_out_of_stock": len(live) >= self.on_hand,
            "error_already_joined": any(place.team is team for place in mine),
            "error_too_often": sum(place.state == HELD for place in mine) >= 3,
            "error_refused": len(mine) >= self.limit,
        }
        return {reason for reason, holds in reasons.items() if holds}

    def may_be_paused(self, person: str) -> bool:
        return self.lapses.get(person, 0) >= 3

    def arrives(self, place: Place, now: datetime) -> None:
        if place.told or place.state != HELD:
            place.told = True
            return
        place.told = True
        place.state = PAID if place.team.running(now) else REFUNDED
        if place.state == PAID and place.team.paid() >= place.team.target:
            place.team.state = TeamState.SUCCESS

    def ends(self, place: Place) -> None:
        place.state = REFUNDED if place.state in PAYING else RELEASED
        if place.team.state == TeamState.OPEN and not place.team.live():
            place.team.state = TeamState.CANCELLED

    def work(self, now: datetime) -> None:
        """Everything that is due, by when it was due."""
        for team in self.teams:
            if team.state == TeamState.OPEN:
                self._let_time_pass(team, now)
            for place in team.live():
                self._follow(place)

    def _let_time_pass(self, team: ModelTeam, now: datetime) -> None:
        for place in sorted(team.live(), key=lambda place: place.until):
            if place.state == HELD and place.until <= now and team.state == TeamState.OPEN:
                team.either = place.until >= team.deadline and len(team.live()) == 1
                self.lapses[place.person] = self.lapses.get(place.person, 0) + 1
                self.ends(place)
        if team.state == TeamState.OPEN and team.deadline <= now:
            team.state = TeamState.FAILED

    def _follow(self, place: Place) -> None:
        """A seat does what its team's end asks for."""
        if place.team.state == TeamState.SUCCESS and place.state == PAID:
            place.state = FULFILLED
        elif place.team.state in (TeamState.FAILED, TeamState.CANCELLED):
            place.state = REFUNDED if place.state in PAYING else RELEASED
