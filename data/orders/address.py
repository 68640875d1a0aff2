"""Where an order goes: kept only encrypted, bound to its order's row, read by few, and not for ever
(data/personal/old_addresses.py)."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from data.kernel.encryption import cipher_of, place_of
from data.kernel.errors import Invalid, WrongState
from data.orders.models import Order, OrderState
from data.orders.parcel_models import Parcel
from data.orders.states import lock_order

_LONGEST = 300  # characters of any one field; the longest real address lines are about a third
# After all that went to it is delivered or its money is back (security design, "privacy").
ADDRESS_KEPT = timedelta(days=30)
_STILL_HERE = frozenset(
    {OrderState.AWAITING_PAYMENT, OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY}
)


@dataclass(frozen=True, slots=True)
class Address:
    """`line` is the street as the person wrote it; the rest may stay empty in a chat."""

    name: str
    phone: str
    line: str
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""

    def __post_init__(self) -> None:
        if not self.line.strip() or any(len(part) > _LONGEST for part in asdict(self).values()):
            raise Invalid("address")

    def __repr__(self) -> str:  # an address in a log or traceback is a leak
        return "Address(…)"


@dataclass(frozen=True, slots=True)
class AddressParts:
    """What of an address was said so far: people write it in pieces."""

    name: str = ""
    phone: str = ""
    line: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """In the order in which one would write them."""
        return tuple(name for name, said in asdict(self).items() if not said)

    def over(self, older: "AddressParts") -> "AddressParts":
        """What is said now counts; what was said before fills the gaps."""
        return AddressParts(
            self.name or older.name, self.phone or older.phone, self.line or older.line
        )

    def __repr__(self) -> str:
        return "AddressParts(…)"


class AddressStands(StrEnum):
    """What may be told of an address to who may not read it."""

    GIVEN = "given"
    MISSING = "missing"
    DELETED = "deleted"


def is_here(order: Order) -> bool:
    """It stands, and has not left."""
    return order.state in _STILL_HERE


def set_address(
    session: Session, *, order_id: str, person_id: str, address: Address, now: datetime
) -> Order:
    """Say (again) where it goes, as long as it has not left."""
    order = lock_order(session, order_id=order_id, person_id=person_id)
    if not is_here(order):
        raise WrongState(order.state)
    order.ship_to = sealed(session, order, address)
    order.address_cleared_at = None  # late money may bring back an order that was over
    order.updated_at = now
    session.flush()
    return order


def ship_with(session: Session, order: Order, other: str | None, *, now: datetime) -> None:
    """A locked order goes where that one goes; with none, by itself. One that left stays."""
    if order.state in _STILL_HERE:
        order.goes_with, order.updated_at = other, now
        session.flush()


def has_address(session: Session, order: Order) -> bool:
    return _addressed(session, order).ship_to is not None


def address_stands(session: Session, order: Order) -> AddressStands:
    holder = _addressed(session, order)
    if holder.ship_to is not None:
        return AddressStands.GIVEN
    is_deleted = holder.address_cleared_at is not None
    return AddressStands.DELETED if is_deleted else AddressStands.MISSING


def clear_address(session: Session, holder: Order | Parcel, *, now: datetime) -> None:
    """Of a locked row. Its other moments stay: by when it arrived one tells what may come back."""
    holder.ship_to, holder.address_cleared_at = None, now
    session.flush()


def _addressed(session: Session, order: Order) -> Order | Parcel:
    """What holds the address it goes to: itself, or the order or the parcel that it goes with."""
    if not order.goes_with:
        return order
    return session.get(Parcel, order.goes_with) or session.get_one(Order, order.goes_with)


def address_of(session: Session, order: Order) -> Address | None:
    """Where it goes: for who packs it. Of an order that goes with another its buyer knows not."""
    return opened(session, _addressed(session, order))


def opened(session: Session, holder: Order | Parcel) -> Address | None:
    """What this very row holds."""
    if holder.ship_to is None:
        return None
    text = cipher_of(session).decrypt(holder.ship_to, place=_place(holder))
    return Address(**json.loads(text))


def sealed(session: Session, holder: Order | Parcel, address: Address) -> str:
    text = json.dumps(asdict(address), ensure_ascii=False)
    return cipher_of(session).encrypt(text, place=_place(holder))


def _place(holder: Order | Parcel) -> str:
    return place_of(holder.merchant_id, holder.__tablename__, holder.id)
