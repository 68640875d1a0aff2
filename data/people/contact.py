"""May we speak first, and is it the time for it? Caps, quiet hours, consent, opt-out (I12).

An answer to somebody who wrote, or to what they bought, is always allowed; only erasure ends it.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.messages import Purpose
from data.merchants import Merchant
from data.people.consent import NEEDED_FOR, has_consent
from data.people.daily_count import Place, has_room, take_places
from data.people.models import Chat, ChatMember, Person
from data.people.quiet_hours import QuietHours, local_day, zone_of

# Our decision: three unasked messages in one day feel like a shop, four like a machine.
A_DAY = 3
# A new shop may speak first 50 times a day (security design, T51); a month of behaving ends that.
NEW_SHOP_A_DAY = 50
NEW_SHOP_FOR = timedelta(days=30)
# The reasons of verdicts that somebody is told of.
QUIET, CAPPED = "quiet_hours", "cap_reached"
# Said first. A nudge needs no consent of its own: who hears it joined that team.
_UNASKED = frozenset({*NEEDED_FOR, Purpose.NUDGE})
_ALONE = frozenset({Purpose.REMINDER, Purpose.NUDGE})


class Answer(StrEnum):
    NOW = "now"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`at` is set for later; `reason` is a code for logs and the console, not a sentence."""

    answer: Answer
    reason: str = ""
    at: datetime | None = None


ALLOWED = Verdict(Answer.NOW)


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """A shop may be quieter than the house, never louder."""

    a_day: int
    quiet: QuietHours

    @classmethod
    def of(cls, merchant: Merchant) -> "ContactPolicy":
        """From `Merchant.settings["contact"]`: `{"a_day": 1, "quiet": ["21:00", "09:00"]}`."""
        settings: dict[str, Any] = merchant.settings.get("contact", {})
        quiet = QuietHours()
        if walls := settings.get("quiet"):
            start, end = (time.fromisoformat(wall) for wall in walls)
            quiet = QuietHours(min(start, quiet.start), max(end, quiet.end))
        return cls(a_day=min(int(settings.get("a_day", A_DAY)), A_DAY), quiet=quiet)


def may_contact(
    session: Session, *, person: Person, chat: Chat, purpose: Purpose, now: datetime
) -> Verdict:
    """Whether this may be said here now. A look that changes nothing: see `speak_first`."""
    if person.erased_at is not None:
        return Verdict(Answer.NEVER, "erased")
    if purpose not in _UNASKED:
        return ALLOWED
    if reason := _forbidden(session, person, chat, purpose):
        return Verdict(Answer.NEVER, reason)
    return _when(session, person, chat, now)


def speak_first(
    session: Session, *, person: Person, chat: Chat, purpose: Purpose, now: datetime
) -> Verdict:
    """Like `may_contact`, and a `now` is counted: ask once for each message, then say it."""
    verdict = may_contact(session, person=person, chat=chat, purpose=purpose, now=now)
    if verdict.answer is not Answer.NOW or purpose not in _UNASKED:
        return verdict
    merchant = session.get_one(Merchant, person.merchant_id)
    if take_places(session, _places(merchant, person, chat, now), merchant_id=merchant.id):
        return ALLOWED
    return _tomorrow(merchant, zone_of(person.timezone), now)


def may_speak_to_group(session: Session, *, chat: Chat, now: datetime) -> Verdict:
    """Whether a whole group may be told something now that a member wants it told: in nobody's
    quiet hours, neither the shop's nor those of anybody we know there."""
    if not chat.reachable:
        return Verdict(Answer.NEVER, "unreachable")
    merchant = session.get_one(Merchant, chat.merchant_id)
    quiet = ContactPolicy.of(merchant).quiet
    allowed = max(quiet.next_allowed(now, zone) for zone in _zones(session, chat, merchant))
    if allowed > now:
        return Verdict(Answer.LATER, QUIET, allowed)
    if not has_room(session, _places_of_group(merchant, chat, now)):
        return _tomorrow(merchant, zone_of(merchant.timezone), now)
    return ALLOWED


def speak_to_group(session: Session, *, chat: Chat, now: datetime) -> Verdict:
    """Like `may_speak_to_group`, and a `now` is counted."""
    verdict = may_speak_to_group(session, chat=chat, now=now)
    if verdict.answer is not Answer.NOW:
        return verdict
    merchant = session.get_one(Merchant, chat.merchant_id)
    if take_places(session, _places_of_group(merchant, chat, now), merchant_id=merchant.id):
        return ALLOWED
    return _tomorrow(merchant, zone_of(merchant.timezone), now)


def private_chat_of(session: Session, *, person: Person) -> Chat | None:
    """Where we can speak to them alone: the newest private chat that still reaches them."""
    return session.scalar(
        select(Chat)
        .join(ChatMember, ChatMember.chat_id == Chat.id)
        .where(
            ChatMember.person_id == person.id,
            ChatMember.left_at.is_(None),
            Chat.merchant_id == person.merchant_id,
            Chat.kind == "private",
            Chat.reachable.is_(True),
        )
        .order_by(ChatMember.joined_at.desc(), Chat.id)
        .limit(1)
    )


def _forbidden(session: Session, person: Person, chat: Chat, purpose: Purpose) -> str:
    if person.minor_since is not None:
        return "minor"
    if person.opted_out_at is not None:
        return "opted_out"
    if purpose is Purpose.NUDGE and person.nudges_off_at is not None:
        return "nudges_off"
    needed = NEEDED_FOR.get(purpose)
    if needed and not has_consent(session, person=person, purpose=needed):
        return "no_consent"
    if not chat.reachable:
        return "unreachable"
    # A group would learn whose birthday it is, or who has not paid.
    return "not_private" if purpose in _ALONE and chat.kind != "private" else ""


def _when(session: Session, person: Person, chat: Chat, now: datetime) -> Verdict:
    merchant = session.get_one(Merchant, person.merchant_id)
    allowed = ContactPolicy.of(merchant).quiet.next_allowed(now, zone_of(person.timezone))
    if allowed > now:
        return Verdict(Answer.LATER, QUIET, allowed)
    if not has_room(session, _places(merchant, person, chat, now)):
        return _tomorrow(merchant, zone_of(person.timezone), now)
    return ALLOWED


def _zones(session: Session, chat: Chat, merchant: Merchant) -> list[ZoneInfo]:
    members = (
        select(Person.timezone)
        .join(ChatMember, ChatMember.person_id == Person.id)
        .where(ChatMember.chat_id == chat.id, ChatMember.left_at.is_(None))
        .where(Person.erased_at.is_(None))
    )
    return [zone_of(name) for name in {merchant.timezone, *session.scalars(members.distinct())}]


def _tomorrow(merchant: Merchant, zone: ZoneInfo, now: datetime) -> Verdict:
    morning = ContactPolicy.of(merchant).quiet.next_morning(now, zone)
    return Verdict(Answer.LATER, CAPPED, morning)


def _places(merchant: Merchant, person: Person, chat: Chat, now: datetime) -> list[Place]:
    a_day = ContactPolicy.of(merchant).a_day
    their_day = local_day(now, zone_of(person.timezone))
    both = [Place(person.id, their_day, a_day), Place(chat.id, their_day, a_day)]
    return [*both, *_places_of_shop(merchant, now)]


def _places_of_group(merchant: Merchant, chat: Chat, now: datetime) -> list[Place]:
    today = local_day(now, zone_of(merchant.timezone))
    here = Place(chat.id, today, ContactPolicy.of(merchant).a_day)
    return [here, *_places_of_shop(merchant, now)]


def _places_of_shop(merchant: Merchant, now: datetime) -> list[Place]:
    if now >= merchant.created_at + NEW_SHOP_FOR:
        return []
    return [Place(merchant.id, local_day(now, zone_of(merchant.timezone)), NEW_SHOP_A_DAY)]
