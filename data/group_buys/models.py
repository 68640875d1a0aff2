"""Campaign, the chats it is shown in, team, the steps a team took, seat, seat taker.

Team   OPEN ──▶ SUCCESS | FAILED | CANCELLED                      (final)
         └▶ PAYING ─┘   (joined without money, now asked to pay)
Seat   HELD ──▶ PAID ──▶ FULFILLED
         │        └────────┴──▶ REFUNDED      HELD ──▶ RELEASED    (both final)
       PAID ──▶ HELD   (its team succeeded, and what was reserved could not be taken)
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class CampaignState(StrEnum):
    """PAUSED and ENDED open no new team; teams already open run to their own deadline."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class PayMode(StrEnum):
    """How a team's places are paid for. HOLD only reserves the money until the team is decided,
    where the payer's provider can; elsewhere it charges."""

    CHARGE = "charge"
    HOLD = "hold"
    JOIN_FIRST = "join_first"  # nobody pays before the team is full: pledges.py


class Underpaid(StrEnum):
    """Too few paid in the window: nobody gets anything, or those who paid do."""

    FAIL = "fail"
    SHIP = "ship"


class TeamState(StrEnum):
    OPEN = "open"
    PAYING = "paying"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SeatState(StrEnum):
    HELD = "held"
    PAID = "paid"
    FULFILLED = "fulfilled"
    RELEASED = "released"
    REFUNDED = "refunded"


TEAM_MOVES: dict[TeamState, frozenset[TeamState]] = {
    TeamState.OPEN: frozenset(
        {TeamState.PAYING, TeamState.SUCCESS, TeamState.FAILED, TeamState.CANCELLED}
    ),
    TeamState.PAYING: frozenset({TeamState.SUCCESS, TeamState.FAILED, TeamState.CANCELLED}),
    TeamState.SUCCESS: frozenset(),
    TeamState.FAILED: frozenset(),
    TeamState.CANCELLED: frozenset(),
}
SEAT_MOVES: dict[SeatState, frozenset[SeatState]] = {
    SeatState.HELD: frozenset({SeatState.PAID, SeatState.RELEASED}),
    SeatState.PAID: frozenset({SeatState.FULFILLED, SeatState.REFUNDED, SeatState.HELD}),
    SeatState.FULFILLED: frozenset({SeatState.REFUNDED}),
    SeatState.RELEASED: frozenset(),
    SeatState.REFUNDED: frozenset(),
}
RUNNING = (TeamState.OPEN, TeamState.PAYING)
# A seat in one of these is a place taken in its team; PAYING ones have money behind them.
LIVE = (SeatState.HELD, SeatState.PAID, SeatState.FULFILLED)
PAYING = (SeatState.PAID, SeatState.FULFILLED)
_LIVE_SQL = text("state IN ('held', 'paid', 'fulfilled')")


class Campaign(Base):
    """What a merchant offers to teams. `taken` counts the units of live seats against
    `stock_limit`. What a leader gets back has its own table (reward_models.py).

    `set_aside`: all of `stock_limit` was taken from the shelf at the start; what no seat took goes
    back at `aside_returned_at` (aside.py). `named_chats_only`: see CampaignChat.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("team_size >= 2", name="team_size"),
        CheckConstraint("team_price_minor > 0", name="team_price"),
        CheckConstraint(
            "0 <= taken AND (stock_limit IS NULL OR taken <= stock_limit)", name="taken"
        ),
        Index("ix_campaigns_shown", "merchant_id", "state", "ends_at"),
        Index("uq_campaigns_key", "merchant_id", "key", unique=True),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"), index=True)
    title: Mapped[dict[str, str]] = mapped_column(default=dict)  # by locale; empty: the product's
    team_size: Mapped[int]
    team_price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    modes: Mapped[list[str]] = mapped_column(
        JSON, server_default='["charge"]'
    )  # the first: default
    pay_window_seconds: Mapped[int] = mapped_column(server_default="86400")
    underpaid: Mapped[str] = mapped_column(String(8), server_default=Underpaid.FAIL)
    window_seconds: Mapped[int]
    per_person_limit: Mapped[int] = mapped_column(default=1)
    stock_limit: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    key: Mapped[str | None] = mapped_column(String(64))  # what the merchant's files call it
    set_aside: Mapped[bool] = mapped_column(default=False, server_default=false())
    aside_returned_at: Mapped[datetime | None]
    new_customers_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    named_chats_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    open_to_others: Mapped[bool] = mapped_column(default=False, server_default=false())
    ship_to_one: Mapped[bool] = mapped_column(default=False, server_default=false())
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default=CampaignState.ACTIVE)
    created_at: Mapped[datetime]

    @property
    def team_price(self) -> Money:
        return Money(self.team_price_minor, self.currency)


class CampaignChat(Base):
    """A group that a campaign for named chats only is shown in."""

    __tablename__ = "campaign_chats"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))


class Team(Base):
    """One try at filling a campaign. Prices, sizes and deadline are fixed when it opens.

    `held` counts every place taken, `paid` those of them with money behind them. `minimum` must pay
    for it to succeed, `target` may; `price_minor` is what `minimum` people pay each, and what is
    paid at first. `final_size` and `final_price_minor` are what it came to, once that is decided.
    `ship_to_one`: all parcels go where its leader says (shipping.py). `closed_by`: who of the shop
    completed it with fewer or called it off (by_shop.py); none where its people decided.
    """

    __tablename__ = "teams"
    __table_args__ = (
        CheckConstraint("0 <= paid AND paid <= held AND held <= target", name="seats"),
        Index("ix_teams_in_chat", "chat_id", "state"),
        Index("ix_teams_deadline", "state", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"))
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id"))
    leader_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    locale: Mapped[str] = mapped_column(String(8), server_default="zh-Hans")  # who opened it
    mode: Mapped[str] = mapped_column(String(12), server_default=PayMode.CHARGE)
    pay_window_seconds: Mapped[int] = mapped_column(server_default="86400")
    pay_until: Mapped[datetime | None]  # once everybody is asked to pay
    underpaid: Mapped[str] = mapped_column(String(8), server_default=Underpaid.FAIL)
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    minimum: Mapped[int] = mapped_column(server_default="0")
    target: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    paid: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0, server_default="0")  # in line: waiting.py
    nudges: Mapped[int] = mapped_column(default=0, server_default="0")  # so far: nudges.py
    next_nudge_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12), default=TeamState.OPEN)
    ship_to_one: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1)  # a card shows the newest it has seen
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    final_size: Mapped[int | None]
    final_price_minor: Mapped[int | None]
    closed_by: Mapped[str | None] = mapped_column(String(120))

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def pay_window(self) -> timedelta:
        return timedelta(seconds=self.pay_window_seconds)

    @property
    def ends_at(self) -> datetime:
        """When what is going on now is over: joining, or paying."""
        return self.pay_until or self.expires_at

    @property
    def final_price(self) -> Money | None:
        minor = self.final_price_minor
        return None if minor is None else Money(minor, self.currency)


class TeamStep(Base):
    """Append-only: each state a team entered, and how many had joined and paid by then (I2, I3)."""

    __tablename__ = "team_steps"
    __table_args__ = (UniqueConstraint("team_id", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    state: Mapped[str] = mapped_column(String(12))
    held: Mapped[int] = mapped_column(server_default="0")
    paid: Mapped[int]
    minimum: Mapped[int] = mapped_column(server_default="0")
    target: Mapped[int]
    at: Mapped[datetime]


class Seat(Base):
    """One person's place in one team: held before any money moves."""

    __tablename__ = "seats"
    __table_args__ = (
        Index(
            "uq_seats_live",
            "team_id",
            "person_id",
            unique=True,
            sqlite_where=_LIVE_SQL,
            postgresql_where=_LIVE_SQL,
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_seats_person", "person_id", "state"),
        Index("ix_seats_team", "team_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    quantity: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(12), default=SeatState.HELD)
    held_until: Mapped[datetime]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
