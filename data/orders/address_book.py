"""Addresses a person has used: sealed one by one, so that a chat carries only a reference.

No address book that anybody asked for: one tap instead of typing the last one again, as long as
what went there keeps it too, or it was said a short while ago (data/personal/old_addresses.py).
Snapshots, events and logs hold `adr_…`, never the street (T14). An address that is still being
written is no row yet: the chat carries it sealed.
"""

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.delivery.jobs import enqueue_once
from data.kernel.database import Base
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import NotFound
from data.kernel.ids import new_id
from data.orders.address import ADDRESS_KEPT, Address, AddressParts
from data.people import Person

KEPT_OVER = "kept_address_over"  # the job kind; args: kept, at


class KeptAddress(Base):
    """`kept_at`: when it was said, or chosen again."""

    __tablename__ = "kept_addresses"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    sealed: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


_LAST = (
    select(KeptAddress.id)
    .where(KeptAddress.person_id == bindparam("person"))
    .order_by(KeptAddress.kept_at.desc(), KeptAddress.id)
    .limit(1)
)


def keep_address(session: Session, *, person: Person, address: Address, now: datetime) -> str:
    """Seal it and give the reference that slots and buttons carry."""
    row_id = new_id("adr")
    text = json.dumps(asdict(address), ensure_ascii=False)
    place = place_of(person.merchant_id, KeptAddress.__tablename__, row_id)
    kept = KeptAddress(
        id=row_id,
        merchant_id=person.merchant_id,
        person_id=person.id,
        sealed=cipher_of(session).encrypt(text, place=place),
        kept_at=now,
    )
    session.add(kept)
    session.flush()
    look_at_kept(session, kept, at=now + ADDRESS_KEPT, now=now)
    return row_id


def kept_address(session: Session, *, person: Person, reference: str) -> Address:
    """Their own address again; somebody else's reference finds nothing."""
    return opened_kept(session, _theirs(session, person, reference))


def use_again(session: Session, *, person: Person, reference: str, now: datetime) -> None:
    """It is the one used last; NotFound for somebody else's, and for one that was deleted."""
    kept = _theirs(session, person, reference)
    if kept.kept_at < now:
        kept.kept_at = now
        session.flush()
        look_at_kept(session, kept, at=now + ADDRESS_KEPT, now=now)


def opened_kept(session: Session, kept: KeptAddress) -> Address:
    place = place_of(kept.merchant_id, KeptAddress.__tablename__, kept.id)
    return Address(**json.loads(cipher_of(session).decrypt(kept.sealed, place=place)))


def look_at_kept(session: Session, kept: KeptAddress, *, at: datetime, now: datetime) -> None:
    """Is it still needed then?"""
    args = {"kept": kept.id, "at": at.isoformat()}
    enqueue_once(session, KEPT_OVER, args, merchant_id=kept.merchant_id, at=at, now=now)


def _theirs(session: Session, person: Person, reference: str) -> KeptAddress:
    kept = session.get(KeptAddress, reference)
    if kept is None or kept.person_id != person.id:
        raise NotFound("address")
    return kept


def last_kept(session: Session, *, person: Person) -> str | None:
    """The reference of the address used last."""
    return session.scalar(_LAST, {"person": person.id})


def seal_parts(session: Session, *, person: Person, parts: AddressParts) -> str:
    text = json.dumps(asdict(parts), ensure_ascii=False)
    return cipher_of(session).encrypt(text, place=_place_of_parts(person))


def parts_of(session: Session, *, person: Person, sealed: str | None) -> AddressParts:
    """Nothing where nothing can be read: then it is asked for anew."""
    if not sealed:
        return AddressParts()
    try:
        text = cipher_of(session).decrypt(sealed, place=_place_of_parts(person))
    except Unreadable:
        return AddressParts()
    return AddressParts(**json.loads(text))


def _place_of_parts(person: Person) -> str:
    return place_of(person.merchant_id, "address_parts", person.id)
