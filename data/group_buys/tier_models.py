"""What larger teams pay: the further steps of a price ladder. The first stands with its campaign,
and with its team, as size and price."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class CampaignTier(Base):
    """From `min_size` people on, each pays this, in the campaign's currency."""

    __tablename__ = "campaign_tiers"
    __table_args__ = (CheckConstraint("min_size > 2 AND price_minor > 0", name="sane"),)

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    min_size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    price_minor: Mapped[int]


class TeamTier(Base):
    """The same as it was when the team opened: what a merchant changes later changes no team."""

    __tablename__ = "team_tiers"
    __table_args__ = (CheckConstraint("min_size > 2 AND price_minor > 0", name="sane"),)

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    min_size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    price_minor: Mapped[int]
