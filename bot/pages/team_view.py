"""What the page of a shared team shows: counts, prices and time; no name, chat or address (T16).

What a visitor sees of themselves is their own place in the team, and only on their own screen.
"""

from dataclasses import dataclass
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
    team_view,
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
    HELD = "held"
    ORDERED = "ordered"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class SharedTeam:
    """`alone` is today's price for one, `team.price` what each pays once the team is complete."""

    team: TeamView
    merchant: Merchant
    title: dict[str, str]
    image: str
    alone: Money
    standing: Standing
    seconds_left: int
    mine: Mine = Mine.NONE
    held_until: datetime | None = None

    @property
    def joins_first(self) -> bool:
        return self.team.mode == PayMode.JOIN_FIRST

    @property
    def size(self) -> int:
        """How many the price that is shown is for."""
        return self.team.final_size or self.team.minimum

    @property
    def cheaper(self) -> tuple[Tier, ...]:
        """What more people would pay, while more may come."""
        return self.team.tiers[1:] if self.standing == Standing.OPEN else ()


def shared_team(
    session: Session, team: Team, *, person_id: str | None, now: datetime
) -> SharedTeam:
    view = team_view(session, team)
    product = get_product(session, merchant_id=team.merchant_id, product_id=view.product_id)
    seat = live_seat(session, team_id=team.id, person_id=person_id) if person_id else None
    mine = Mine.NONE
    if seat is not None:
        unpaid = Mine.ORDERED if seat.order_id else Mine.HELD
        mine = unpaid if seat.state == SeatState.HELD else Mine.PAID
    return SharedTeam(
        team=view,
        merchant=session.get_one(Merchant, team.merchant_id),
        title=view.title or product.title,
        image=product.image.rsplit("/", 1)[-1],
        alone=price_of(session.get_one(Variant, view.variant_id)),
        standing=_standing(view, now),
        seconds_left=max(int((view.deadline - now).total_seconds()), 0),
        mine=mine,
        held_until=seat.held_until if seat else None,
    )


def _standing(view: TeamView, now: datetime) -> Standing:
    if view.state == TeamState.PAYING:
        return Standing.FULL
    if view.state != TeamState.OPEN:
        return Standing(view.state)
    if view.deadline <= now:
        return Standing.OVER
    return Standing.OPEN if view.free and not view.waiting else Standing.FULL


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
