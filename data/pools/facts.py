"""What pools announce. Listeners show the live card, tell people, ask for an address."""

from dataclasses import dataclass
from enum import StrEnum

from data.kernel.facts import Fact


class PoolEnd(StrEnum):
    """Why a pool came to nothing, or somebody is no longer in it. Paid money goes back."""

    SHORT = "short"  # the deadline, and something was missing
    EMPTY = "empty"  # the same, and nobody had paid
    NO_ADDRESS = "no_address"
    UNPAID_REST = "unpaid_rest"
    SOLD_OUT = "sold_out"
    CALLED_OFF = "called_off"  # by its organiser, or by the shop
    RETURNED = "returned"  # the present itself was called off after it was ordered
    LEFT = "left"
    LAPSED = "lapsed"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class PoolFact(Fact):
    """Something is new about a pool; `chat_id` is where its card lives."""

    pool_id: str
    chat_id: str | None


class PoolOpened(PoolFact):
    __slots__ = ()


class PoolChanged(PoolFact):
    """A contribution was promised, paid or given up; the state is the same."""

    __slots__ = ()


class PoolFunded(PoolFact):
    """Nobody can give any more: all of it is there, or the time is over and the rest is added."""

    __slots__ = ()


class PoolAddressMissing(PoolFact):
    """The money waits, and nobody has said where the present goes."""

    __slots__ = ()


class PoolRestDue(PoolFact):
    """The present is ordered, and its organiser pays what is missing."""

    __slots__ = ()


class PoolOrdered(PoolFact):
    __slots__ = ()


class PoolFailed(PoolFact):
    """Its row says why."""

    __slots__ = ()


class PoolCancelled(PoolFact):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ContributionPaid(PoolFact):
    """For the person alone."""

    contribution_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class ContributionLost(PoolFact):
    """For the person alone. `was_paid`: money goes back."""

    contribution_id: str
    person_id: str
    was_paid: bool
    cause: PoolEnd
