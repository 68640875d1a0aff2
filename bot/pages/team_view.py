"""What the page of a shared team shows: counts, prices and time; no name, chat or address (T16).

What a visitor sees of themselves is their own place in the team, and only on their own screen.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Variant, get_product, price_of
from data.group_buys import (
    PayMode,
    SeatState,
    Team,
    TeamState,
    TeamView,
    Tier,
    live_seat,
    place_in_line,
    team_view,
    waiting_entry,
)
from data.kernel.money import Money
from data.merchants import ChannelAccount, Merchant

TELEGRAM, WECHAT = "telegram", "wechat"


class Standing(StrEnum):
    """How the team stands, for a visitor."""

    OPEN = "open"
    FULL = "full"  # every place is taken, or belongs to who waits; one may come free again
    OVER = "over"  # its time is up, and the shop is about to say so
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Mine(StrEnum):
    """The visitor's own place."""

    NONE = "none"
    WAITING = "waiting"
    HELD = "held"
    ORDERED = "ordered"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class SharedTeam:
    """`alone` is today's price for one, `team.price` what each pays once the team is complete.
    `knows_line`: the shop's flows have words for it. `place`: where the visitor stands in it."""

    team: TeamView
    merchant: Merchant
    title: dict[str, str]
    image: str
    alone: Money
    standing: Standing
    seconds_left: int
    mine: Mine = Mine.NONE
    held_until: datetime | None = None
    place: int = 0
    knows_line: bool = False

    @property
    def takes_waiters(self) -> bool:
        return self.has_line and self.team.takes_waiters

    @property
    def has_line(self) -> bool:
        """Does who comes now get a place only by waiting for one?"""
        return self.standing == Standing.FULL and self.knows_line

    @property
    def joins_first(self) -> bool:
        return self.team.mode == PayMode.JOIN_FIRST

    @property
    def is_on(self) -> bool:
        """Does it take people still, though it needs nobody any more? A ladder does."""
        return self.standing == Standing.OPEN and not self.team.need

    @property
    def count(self) -> str:
        """The name of the sentence that counts, for a visitor."""
        if self.standing != Standing.OPEN:
            return self.standing
        if self.is_on:
            return "on_joined" if self.joins_first else "on"
        return "joining" if self.joins_first else "open"

    @property
    def size(self) -> int:
        """How many the price that is shown is for."""
        return self.team.final_size or self.team.minimum

    @property
    def cheaper(self) -> tuple[Tier, ...]:
        """What more people would pay, while more may come."""
        return self.team.tiers[1:] if self.standing == Standing.OPEN else ()


def shared_team(
    session: Session, team: Team, *, person_id: str | None, knows_line: bool, now: datetime
) -> SharedTeam:
    view = team_view(session, team)
    product = get_product(session, merchant_id=team.merchant_id, product_id=view.product_id)
    shared = SharedTeam(
        team=view,
        merchant=session.get_one(Merchant, team.merchant_id),
        title=view.title or product.title,
        image=product.image.rsplit("/", 1)[-1],
        alone=price_of(session.get_one(Variant, view.variant_id)),
        standing=_standing(view, now),
        seconds_left=max(int((view.deadline - now).total_seconds()), 0),
        knows_line=knows_line,
    )
    return _as_theirs(session, shared, person_id) if person_id else shared


def _as_theirs(session: Session, shared: SharedTeam, person_id: str) -> SharedTeam:
    """With the visitor's own place in it, or in line for one."""
    seat = live_seat(session, team_id=shared.team.id, person_id=person_id)
    if seat is not None:
        unpaid = Mine.ORDERED if seat.order_id else Mine.HELD
        mine = unpaid if seat.state == SeatState.HELD else Mine.PAID
        return replace(shared, mine=mine, held_until=seat.held_until)
    entry = waiting_entry(session, team_id=shared.team.id, person_id=person_id)
    if entry is None:
        return shared
    return replace(shared, mine=Mine.WAITING, place=place_in_line(session, entry))


def _standing(view: TeamView, now: datetime) -> Standing:
    if view.state not in (TeamState.OPEN, TeamState.PAYING):
        return Standing(view.state)
    if view.deadline <= now:
        return Standing.OVER
    is_open = view.state == TeamState.OPEN and view.free and not view.waiting
    return Standing.OPEN if is_open else Standing.FULL


def doors_of(session: Session, merchant_id: str, channel: str) -> list[ChannelAccount]:
    """The shop's accounts of one messenger, the oldest first."""
    return list(
        session.scalars(
            select(ChannelAccount)
            .where(
                ChannelAccount.merchant_id == merchant_id,
                ChannelAccount.channel == channel,
                ChannelAccount.enabled.is_(True),
            )
            .order_by(ChannelAccount.created_at, ChannelAccount.id)
        )
    )
