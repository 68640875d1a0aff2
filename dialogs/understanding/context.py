"""What understanding is told: the open question, the options shown last, the flows and slots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from data.kernel.locales import Locale
from dialogs.engine.commands import Command
from dialogs.format.domain import Slot, SlotType

ProductNames = Callable[[str], Sequence[tuple[str, str]]]
"""Products whose name or alias stands in this text: pairs of id and the alias as it was found."""


@dataclass(frozen=True, slots=True)
class Ware:
    """What stands on the card of a product: its title in every language, and its price."""

    names: tuple[str, ...]
    price: int


Wares = Callable[[str], Ware | None]
"""The card of a product, by its id."""


Agreed = Callable[[], tuple[Command, ...]]
"""What a bare yes agrees to where nothing is asked: what was offered last, if anything was."""


@dataclass(frozen=True, slots=True)
class OwnSplits:
    """Of the common orders that are open here: is one theirs to close, are they in one; and have
    they a seat in a team here, which the same words may be about?"""

    organises: bool = False
    is_in: bool = False
    has_seat: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question."""

    slot: str
    type: SlotType
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """One button or card shown last to this person in this chat, and its place in the list from 1;
    0 for a button that is no entry of a list ("show more")."""

    label: str
    payload: str
    number: int
    written: int | None = None
    """The number that it has as a line where there is nothing to press; None: its place."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a message may be read against; the defaults make a bare test short."""

    locale: Locale
    today: date
    timezone: str = "UTC"
    asked: Asked | None = None
    offered: tuple[Offered, ...] = ()
    numbered: bool = False
    """They stand there with their numbers: there is nothing to press."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    triggers: Mapping[str, str] = field(default_factory=dict)
    """Which flow an intent starts."""
    sure_from: Mapping[str, float] = field(default_factory=dict)
    """Where a merchant asks for more certainty than the model itself, by intent."""
    active_flow: str | None = None
    active_slots: frozenset[str] = frozenset()
    flow_slots: Mapping[str, frozenset[str]] = field(default_factory=dict)
    team_open: bool = False
    line_open: bool = False
    """A team here is full: one gets into it by waiting."""
    pool_open: bool = False
    own_splits: Callable[[], OwnSplits] | None = None
    """Looked up where somebody says what ends one, or their part of it."""
    for_split: Callable[[Sequence[str]], bool] | None = None
    """Whether a common order is open in this group and the shop has goods called each of these;
    looked up where somebody says that they want some."""
    in_team: Callable[[], bool] | None = None
    """Whether they are in a team that runs, wherever they speak; looked up when it matters."""
    holds_seat: Callable[[], bool] | None = None
    """Whether a seat of theirs waits to be paid for, here or, alone, anywhere."""
    team_called: Callable[[str], str | None] | None = None
    """The one team that these words name, of a group's or, alone, of their own."""
    collects: Callable[[], bool] | None = None
    """Whether a present or a common order is open here, or alone one of theirs; looked up when
    somebody asks how it stands."""
    day_saved: bool = False
    """A day was kept a moment ago: what comes next may correct it."""
    products: ProductNames | None = None
    wares: Wares | None = None
    agreed: Agreed | None = None
    searched: str | None = None
    """What was looked for a moment ago: an amount alone narrows that."""
    talked_of: str | None = None
    """The product that the last question was about: 就它了 means this one."""
    currency: str = "USD"
