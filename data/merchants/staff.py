"""Staff: hired, signed in, their sessions, and how many guesses a door allows (T41, T50).

    session   open ──idle 2 h, 12 h old, revoked, role or password changed──▶ over

A hasher is passed in: this package knows no password library.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.errors import Invalid, NotFound
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.merchants.models import SignInTry, Staff, StaffRole, StaffSession

# Security design, "controls with numbers".
IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)
_KEPT = timedelta(days=1)  # counts of long ago hinder nobody
# Writing `seen_at` on every click would take the write lock for a look.
_SEEN_EVERY = timedelta(minutes=1)


class Hasher(Protocol):
    """Turns a password into what may be stored, and refuses one that is too weak."""

    def hash(self, password: str) -> str: ...


@dataclass(frozen=True, slots=True)
class NewStaff:
    email: str
    name: str
    role: StaffRole
    locale: Locale
    password: str


def hire(
    session: Session, *, merchant_id: str, newcomer: NewStaff, hasher: Hasher, now: datetime
) -> Staff:
    """A new colleague; an address that somebody has already is refused."""
    email = spelt(newcomer.email)
    if "@" not in email or find_staff(session, email=email) is not None:
        raise Invalid("email")
    staff = Staff(
        id=new_id("stf"),
        merchant_id=merchant_id,
        email=email,
        name=newcomer.name,
        role=newcomer.role,
        password_hash=hasher.hash(newcomer.password),
        locale=newcomer.locale,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    return staff


def spelt(email: str) -> str:
    """One spelling of an address, for keeping and for comparing."""
    return email.strip().lower()


def find_staff(session: Session, *, email: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.email == spelt(email)))


def admit_guess(session: Session, *, email: str, address: str, now: datetime) -> bool:
    """Count a guess before its password is looked at; False: too many, whoever it is."""
    session.execute(delete(SignInTry).where(SignInTry.since <= now - _KEPT))
    counted = [_count_guess(session, key, now) for key in _keys(email, address)]
    return all(counted)


def forgive_guesses(session: Session, *, email: str, address: str) -> None:
    """The password was right: the account starts anew, the address gets back this one guess."""
    account, place = _keys(email, address)
    session.execute(update(SignInTry).where(SignInTry.key == account).values(tries=0))
    session.execute(
        update(SignInTry)
        .where(SignInTry.key == place, SignInTry.tries > 0)
        .values(tries=SignInTry.tries - 1)
    )


def open_session(
    session: Session, *, staff: Staff, token: str, csrf: str, now: datetime
) -> StaffSession:
    """A signed-in browser. The token is always new: an id from before log-in is never kept."""
    row = StaffSession(
        token_hash=fingerprint(token),
        merchant_id=staff.merchant_id,
        staff_id=staff.id,
        csrf_hash=fingerprint(csrf),
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
    )
    session.add(row)
    session.flush()
    return row


def session_of(session: Session, *, token: str, now: datetime) -> StaffSession | None:
    """The live session behind a cookie."""
    row = session.get(StaffSession, fingerprint(token))
    if row is None or row.revoked_at is not None:
        return None
    return row if now < min(row.expires_at, row.seen_at + IDLE) else None


def needs_touch(row: StaffSession, now: datetime) -> bool:
    return now >= row.seen_at + _SEEN_EVERY


def touch(session: Session, *, token_hash: str, now: datetime) -> None:
    """They are still there."""
    session.execute(
        update(StaffSession).where(StaffSession.token_hash == token_hash).values(seen_at=now)
    )


def close_session(session: Session, *, token: str, now: datetime) -> None:
    """Sign out here; harmless for a token that opens nothing."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == fingerprint(token), StaffSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def close_sessions(session: Session, *, staff_id: str, now: datetime) -> int:
    """Sign out everywhere; gives how many sessions ended."""
    ended = session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return changed(ended)


def change_role(session: Session, *, staff_id: str, role: StaffRole, now: datetime) -> None:
    """Other rights need another session: the old ones end."""
    _colleague(session, staff_id).role = role
    close_sessions(session, staff_id=staff_id, now=now)


def change_password(
    session: Session, *, staff_id: str, password: str, hasher: Hasher, now: datetime
) -> None:
    """Whoever knew the old one is signed out."""
    _colleague(session, staff_id).password_hash = hasher.hash(password)
    close_sessions(session, staff_id=staff_id, now=now)


def rehash(session: Session, *, staff_id: str, password_hash: str) -> None:
    """The same password, kept under today's cost."""
    _colleague(session, staff_id).password_hash = password_hash


def change_locale(session: Session, *, staff_id: str, locale: Locale) -> None:
    _colleague(session, staff_id).locale = locale


def _colleague(session: Session, staff_id: str) -> Staff:
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("staff")
    return staff


def _keys(email: str, address: str) -> tuple[str, str]:
    return fingerprint(f"account:{spelt(email)}"), fingerprint(f"address:{address}")


def _count_guess(session: Session, key: str, now: datetime) -> bool:
    """One more in this window, or the first of a new one; each a conditional UPDATE."""
    if insert_once(session, SignInTry, key=key, tries=1, since=now) is not None:
        return True
    fresh = session.execute(
        update(SignInTry)
        .where(SignInTry.key == key, SignInTry.since <= now - TRIES_WITHIN)
        .values(tries=1, since=now)
    )
    if changed(fresh):
        return True
    counted = session.execute(
        update(SignInTry)
        .where(SignInTry.key == key, SignInTry.tries < TRIES)
        .values(tries=SignInTry.tries + 1)
    )
    return bool(changed(counted))
