"""What people get back of their own payment for a team that came together, and what a campaign may
spend on that: its leader (rewards.py), and who invited others (invite_rewards.py).

PROMISED ──▶ GIVEN ──▶ GONE        GONE: the team failed, the order went back, nothing was left
    └──────────▼───────▲
             OWED                  OWED: an inviter has it, for an order that went back after all
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class RewardState(StrEnum):
    """All but GONE count against the campaign's budget."""

    PROMISED = "promised"
    GIVEN = "given"
    OWED = "owed"
    GONE = "gone"


COUNTED = (RewardState.PROMISED, RewardState.GIVEN, RewardState.OWED)


class _Budget:
    """`each_minor` a reward, `budget_minor` in all. What is promised, given or owed is in
    `spent_minor`: one conditional UPDATE is the bound (I14)."""

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    each_minor: Mapped[int]
    budget_minor: Mapped[int]
    spent_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    enabled: Mapped[bool] = mapped_column(default=True)  # False: nobody is promised anything more

    @property
    def each(self) -> Money:
        return Money(self.each_minor, self.currency)

    @property
    def budget(self) -> Money:
        return Money(self.budget_minor, self.currency)

    @property
    def spent(self) -> Money:
        return Money(self.spent_minor, self.currency)


class _Reward:
    """`order_id` and `refund_id` are set when it is given: whose payment it came back from;
    `amount_minor` is then what came back, which is never more than was promised."""

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(8), default=RewardState.PROMISED)
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), index=True)
    refund_id: Mapped[str | None] = mapped_column(ForeignKey("refunds.id"), unique=True)
    promised_at: Mapped[datetime]
    given_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


def _budget_checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("each_minor > 0", name="each"),
        CheckConstraint("0 <= spent_minor AND spent_minor <= budget_minor", name="budget"),
    )


class RewardBudget(_Budget, Base):
    """For a campaign that rewards leaders."""

    term: ClassVar[str] = "reward_budget"
    __tablename__ = "reward_budgets"
    __table_args__ = _budget_checks()


class LeaderReward(_Reward, Base):
    """One a team."""

    __tablename__ = "leader_rewards"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), primary_key=True)


class InviteBudget(_Budget, Base):
    """For a campaign that rewards inviting. `channels`: the messengers in which it does, of those
    whose rules allow it (bot/channels); None is all of these."""

    term: ClassVar[str] = "invite_reward_budget"
    __tablename__ = "invite_budgets"
    __table_args__ = _budget_checks()

    channels: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class InviteReward(_Reward, Base):
    """One for each seat that somebody was invited to, and that was paid. `due_at`: when its order
    can go back no more, once that is known."""

    __tablename__ = "invite_rewards"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"),)

    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"), primary_key=True)
    inviter_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    due_at: Mapped[datetime | None]


Budget = RewardBudget | InviteBudget
Reward = LeaderReward | InviteReward
