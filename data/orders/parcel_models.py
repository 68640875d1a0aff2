"""One delivery of several people's orders, to the address of one of them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class Parcel(Base):
    """Orders name it in `goes_with`. It is there before any of them, and its person need not have
    one among them."""

    __tablename__ = "parcels"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)  # who gets it
    ship_to: Mapped[str | None] = mapped_column(Text)  # an Address, encrypted: see address.py
    address_cleared_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
