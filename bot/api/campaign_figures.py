"""How a campaign does, as the API tells it: its teams, its rewards, and who came by whom."""

from pydantic import BaseModel
from sqlalchemy.orm import Session

from bot.api.shapes import MoneyOut
from data.group_buys import (
    Campaign,
    budget_of,
    campaign_figures,
    invite_budget_of,
    invite_figures,
)
from data.kernel.money import Money


def money_out(amount: Money | None) -> MoneyOut | None:
    return MoneyOut.of(amount) if amount is not None else None


class SharerOut(BaseModel):
    customer_id: str
    joins: int
    paid_orders: int


class InvitingOut(BaseModel):
    """`shares`: links that people took to pass on; `joins` came by them, and `paid_orders` of these
    are paid. `top_sharers` is empty while fewer than five people share. `rewards_spent` is promised
    or paid for inviting."""

    shares: int
    joins: int
    joins_per_share: float | None
    paid_orders: int
    top_sharers: list[SharerOut]
    rewards_spent: MoneyOut | None

    @classmethod
    def of(cls, session: Session, campaign: Campaign) -> "InvitingOut":
        figures = invite_figures(session, campaign_id=campaign.id)
        budget = invite_budget_of(session, campaign.id)
        top = [
            SharerOut(customer_id=one.person_id, joins=one.joins, paid_orders=one.paid)
            for one in figures.top
        ]
        return cls(
            shares=figures.shares,
            joins=figures.joins,
            joins_per_share=figures.joins_per_share,
            paid_orders=figures.paid,
            top_sharers=top,
            rewards_spent=money_out(budget.spent if budget else None),
        )


class FiguresOut(BaseModel):
    """`joins`: places ever taken. `success_rate` is per cent of the teams that are decided; null
    while none is. `rewards_spent` is promised or paid to leaders."""

    teams: int
    joins: int
    success: int
    failed: int
    cancelled: int
    success_rate: int | None
    rewards_spent: MoneyOut | None
    inviting: InvitingOut

    @classmethod
    def of(cls, session: Session, campaign: Campaign) -> "FiguresOut":
        figures = campaign_figures(
            session, merchant_id=campaign.merchant_id, campaign_id=campaign.id
        )
        budget = budget_of(session, campaign.id)
        return cls(
            teams=figures.opened,
            joins=figures.joins,
            success=figures.success,
            failed=figures.failed,
            cancelled=figures.cancelled,
            success_rate=figures.success_rate,
            rewards_spent=money_out(budget.spent if budget else None),
            inviting=InvitingOut.of(session, campaign),
        )
