"""What people agreed to, and how they take it back: consents, opting out, and telling us their age.

A consent is proof, so its row is only ever added and dated, never deleted. Taking one back also
stops what is already queued.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BindParameter, ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import changed
from data.kernel.errors import Refused
from data.kernel.locales import Locale
from data.people.models import Chat, ChatMember, Consent, Person


class ConsentPurpose(StrEnum):
    """One consent each; none is bundled with another."""

    REMINDERS = "reminders"
    MARKETING = "marketing"
    OCCASIONS = "occasions"  # that we keep a day of somebody else's life
    CONTACTS = "contacts"
    MODEL = "model"
    SHARE_CARD = "share_card"
    CROSS_BORDER = "cross_border"


NEEDED_FOR = {
    Purpose.REMINDER: ConsentPurpose.REMINDERS,
    Purpose.MARKETING: ConsentPurpose.MARKETING,
}
_PROACTIVE = tuple(NEEDED_FOR.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person saw when they said yes: which text, in which language, and where."""

    text_version: str
    locale: Locale
    channel: str
    message_id: str


def grant_consent(
    session: Session, *, person: Person, purpose: ConsentPurpose, asked: Asked, now: datetime
) -> None:
    """They said yes. A yes to being written to also ends an earlier opt-out."""
    if person.minor_since is not None:
        raise Refused("minor")
    if not has_consent(session, person=person, purpose=purpose):
        session.add(
            Consent(
                merchant_id=person.merchant_id,
                person_id=person.id,
                purpose=purpose,
                text_version=asked.text_version,
                locale=asked.locale,
                channel=asked.channel,
                message_id=asked.message_id,
                granted_at=now,
            )
        )
    if purpose in _PROACTIVE:
        person.opted_out_at = None  # opting out ended every older yes, so only this one counts
    session.flush()


def has_consent(session: Session, *, person: Person, purpose: ConsentPurpose) -> bool:
    live = select(Consent.id).where(
        Consent.person_id == person.id,
        Consent.merchant_id == person.merchant_id,
        Consent.purpose == purpose,
        Consent.revoked_at.is_(None),
    )
    return session.scalar(live.limit(1)) is not None


def revoke_consent(
    session: Session, *, person: Person, purpose: ConsentPurpose, now: datetime
) -> bool:
    """They took it back. False: there was nothing to take back."""
    return _revoke(session, person, (purpose,), now)


def opt_out(session: Session, *, person: Person, now: datetime) -> None:
    """They said stop: nothing more unless they write first or agree anew."""
    _revoke(session, person, _PROACTIVE, now)
    _stop_queued(session, person, (Purpose.NUDGE,))
    person.opted_out_at = person.opted_out_at or now
    session.flush()


def stop_nudges(session: Session, *, person: Person, now: datetime) -> None:
    """Nobody may have us remind them of a team; what they agreed to besides stands."""
    _stop_queued(session, person, (Purpose.NUDGE,))
    person.nudges_off_at = person.nudges_off_at or now
    session.flush()


def start_nudges(session: Session, *, person: Person) -> None:
    person.nudges_off_at = None
    session.flush()


def stop_profile(session: Session, *, person: Person, now: datetime) -> None:
    """A child told us so: no consent stands, none can be given, and nobody writes to them first."""
    _revoke(session, person, tuple(ConsentPurpose), now)
    _stop_queued(session, person, (Purpose.NUDGE,))
    person.minor_since = person.minor_since or now
    person.opted_out_at = person.opted_out_at or now
    session.flush()


def _revoke(
    session: Session, person: Person, purposes: tuple[ConsentPurpose, ...], now: datetime
) -> bool:
    revoked = session.execute(
        update(Consent)
        .where(
            Consent.person_id == person.id,
            Consent.merchant_id == person.merchant_id,
            Consent.purpose.in_(purposes),
            Consent.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    rested = tuple(said for said, needed in NEEDED_FOR.items() if needed in purposes)
    _stop_queued(session, person, rested)
    return changed(revoked) > 0


def _stop_queued(session: Session, person: Person, purposes: tuple[Purpose, ...]) -> None:
    """Messages of these purposes that have not left stay here."""
    theirs = (
        select(Chat.id)
        .join(ChatMember, ChatMember.chat_id == Chat.id)
        .where(ChatMember.person_id == person.id, Chat.kind == "private")
    )
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.merchant_id == person.merchant_id,
            OutboxRow.state == OutboxState.PENDING,
            OutboxRow.purpose.in_(purposes),
            or_(OutboxRow.person_id == person.id, OutboxRow.chat_id.in_(theirs)),
        )
        .values(state=OutboxState.SKIPPED, error="consent_revoked")
        .execution_options(synchronize_session=False)
    )


def may_be_named(merchant_id: str | BindParameter[str]) -> tuple[ColumnElement[bool], ...]:
    """What holds of a Person whom a card of this shop names (T16): they agreed to it, have a name,
    and are not forgotten."""
    agreed = (
        select(Consent.id)
        .where(Consent.person_id == Person.id, Consent.merchant_id == merchant_id)
        .where(Consent.purpose == ConsentPurpose.SHARE_CARD, Consent.revoked_at.is_(None))
    )
    return agreed.exists(), Person.name != "", Person.erased_at.is_(None)


def names_on_cards(session: Session, *, merchant_id: str, people: Select[str]) -> tuple[str, ...]:
    """Of those (by id) who may be named, in the order of the alphabet: the order of paying might
    tell who gave what."""
    named = select(Person.name).where(Person.id.in_(people), *may_be_named(merchant_id))
    return tuple(session.scalars(named.order_by(Person.name).distinct()))
