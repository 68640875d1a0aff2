"""What split orders announce. Listeners show the live card and tell people."""

from dataclasses import dataclass
from enum import StrEnum

from data.kernel.facts import Fact


class SplitEnd(StrEnum):
    """Why it came to nothing, or somebody is no longer in it. Paid money goes back."""

    SHORT = "short"  # less than its minimum was paid in time
    EMPTY = "empty"  # the same, and nobody had paid
    CALLED_OFF = "called_off"  # by its organiser, or by the shop
    # The rest are the end of one part, and never of all.
    RETURNED = "returned"  # it went back alone
    LAPSED = "lapsed"
    LEFT = "left"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class SplitFact(Fact):
    """`chat_id` is where its card lives."""

    split_id: str
    chat_id: str | None


class SplitOpened(SplitFact):
    __slots__ = ()


class SplitChanged(SplitFact):
    """A part was put in, paid or given up; the state is the same."""

    __slots__ = ()


class SplitOrdered(SplitFact):
    """What was paid is ordered; nobody can join any more."""

    __slots__ = ()


class SplitFailed(SplitFact):
    """Its row says why."""

    __slots__ = ()


class SplitCancelled(SplitFact):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PartPaid(SplitFact):
    """For the person alone."""

    part_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class PartLost(SplitFact):
    """For the person alone. `was_paid`: money goes back."""

    part_id: str
    person_id: str
    was_paid: bool
    cause: SplitEnd
