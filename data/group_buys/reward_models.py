"""What a leader gets back when their team succeeds, and what a campaign may spend on that.

PROMISED ──▶ GIVEN ──▶ GONE        GONE: the team failed, the order went back, nothing was left
    └──────────────────▲
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class RewardState(StrEnum):
    """PROMISED and GIVEN ones count against the campaign's budget."""

    PROMISED = "promised"
    GIVEN = "given"
    GONE = "gone"


COUNTED = (RewardState.PROMISED, RewardState.GIVEN)


class RewardBudget(Base):
    """For a campaign that rewards leaders: `each_minor` a team, `budget_minor` in all. What is
    promised or given is in `spent_minor`: one conditional UPDATE is the bound (I14)."""

    __tablename__ = "reward_budgets"
    __table_args__ = (
        CheckConstraint("each_minor > 0", name="each"),
        CheckConstraint("0 <= spent_minor AND spent_minor <= budget_minor", name="budget"),
    )

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


class LeaderReward(Base):
    """One a team. `order_id` and `refund_id` are set when it is given: whose payment it came back
    from; `amount_minor` is then what came back, which is never more than was promised."""

    __tablename__ = "leader_rewards"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), primary_key=True)
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
