"""Opening a parcel that several people's orders will go with, and saying where it goes."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.ids import new_id
from data.orders.address import Address, sealed
from data.orders.parcel_models import Parcel


def open_parcel(
    session: Session, *, merchant_id: str, person_id: str, address: Address, now: datetime
) -> Parcel:
    parcel = Parcel(id=new_id("pcl"), merchant_id=merchant_id, person_id=person_id, created_at=now)
    parcel.ship_to = sealed(session, parcel, address)
    session.add(parcel)
    session.flush()
    return parcel


def readdress(session: Session, parcel: Parcel, address: Address) -> None:
    """Another address, said before any of its orders may be packed: whoever calls sees to that."""
    parcel.ship_to = sealed(session, parcel, address)
    session.flush()
