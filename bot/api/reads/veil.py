"""Addresses in chats, covered up: a summary the bot sent holds one in plain words (T14).

Whoever reads a chat is not whoever packs a parcel, so street and phone of every address this
person has used are replaced before a line is shown; of an address that was deleted they are gone
from the line itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.messages import Segment, segment_from_json
from data.orders import Address, address_of, kept_address, orders_of
from data.orders.address_book import KeptAddress
from data.people import Person
from data.personal.covering import covered, secrets_of

_MOST = 50  # addresses of one person; the newest


@dataclass(frozen=True, slots=True)
class Veil:
    """`secrets`, the longest first, so that no part of one stays visible."""

    secrets: tuple[str, ...]

    def over(self, value: Any) -> Any:
        """The same JSON without them."""
        return covered(value, self.secrets)

    def segments(self, parts: list[dict[str, Any]]) -> list[Segment]:
        return [segment_from_json(self.over(part)) for part in parts]


def veil_for(session: Session, person: Person) -> Veil:
    secrets = {part for address in _addresses(session, person) for part in secrets_of(address)}
    return Veil(tuple(sorted(secrets, key=lambda secret: (-len(secret), secret))))


def _addresses(session: Session, person: Person) -> Iterator[Address]:
    for order in orders_of(
        session, merchant_id=person.merchant_id, person_id=person.id, limit=_MOST
    ):
        address = address_of(session, order)
        if address is not None:
            yield address
    kept = select(KeptAddress.id).where(KeptAddress.person_id == person.id)
    for reference in session.scalars(kept.order_by(KeptAddress.kept_at.desc()).limit(_MOST)):
        yield kept_address(session, person=person, reference=reference)
