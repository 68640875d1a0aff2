"""What group-buys announce. Listeners show the live card, tell a person, write a figure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data.kernel.facts import Fact
from data.kernel.money import Money


class SeatEnd(StrEnum):
    """Why somebody no longer has a seat. After LATE and the team's end, paid money goes back."""

    LEFT = "left"
    LAPSED = "lapsed"
    LATE = "late"
    REFUNDED = "refunded"
    TEAM_FAILED = "team_failed"
    TEAM_CANCELLED = "team_cancelled"


@dataclass(frozen=True, slots=True)
class TeamFact(Fact):
    """Something is new about a team; `chat_id` is where its card lives."""

    team_id: str
    chat_id: str | None


@dataclass(frozen=True, slots=True)
class TeamMoved(TeamFact):
    """The team is another than it was; `version` tells which it is now."""

    version: int


class TeamOpened(TeamMoved):
    __slots__ = ()


class TeamChanged(TeamMoved):
    """A seat was taken, paid or given up; the state is the same."""

    __slots__ = ()


class TeamPaying(TeamMoved):
    """As many joined as had to: each of them is asked to pay now."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TeamNudged(TeamFact):
    """A member had the others reminded, for the `number`-th time. `seats` are still to be paid for:
    who has one of them is told alone, if they may be told."""

    number: int
    seats: tuple[str, ...]


class TeamReached(TeamMoved):
    __slots__ = ()


class TeamFailed(TeamMoved):
    __slots__ = ()


class TeamCancelled(TeamMoved):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SeatToPay(TeamFact):
    """For the person alone: their team came together, and they have until `until` to pay."""

    seat_id: str
    person_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SeatOffered(TeamFact):
    """For the person alone: they were first in line, and a place is held for them until `until`."""

    seat_id: str
    person_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WaitEnded(TeamFact):
    """For the person alone, who got no place: the team ended, or their turn came and they could
    have none. `why`: `stock`, or the name of a limit (limits.py)."""

    entry_id: int
    person_id: str
    why: str | None


@dataclass(frozen=True, slots=True)
class SeatLost(TeamFact):
    """For the person alone: `order_id` is set when they had got as far as an order."""

    seat_id: str
    person_id: str
    order_id: str | None
    cause: SeatEnd


@dataclass(frozen=True, slots=True)
class RewardGiven(TeamFact):
    """For the leader alone: so much of what they paid is on its way back."""

    person_id: str
    order_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class InviterRewarded(TeamFact):
    """For who invited alone: so much of what they paid is on its way back, for an order that came
    by their invitation. `reward` tells one from another and names nobody."""

    person_id: str
    reward: str
    amount: Money


@dataclass(frozen=True, slots=True)
class AddressWanted(TeamFact):
    """For the leader alone: all parcels of their team go to one address, and nobody has said
    which. `again`: they were asked before."""

    person_id: str
    again: bool
