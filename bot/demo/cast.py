"""Whom a visitor of the demo may speak as: themselves, or one of the group's people."""

from datetime import datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.demo.seeding import WEB, DemoPerson, demo_people
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Person, meet

VISITOR = "you"


@cache
def cast() -> tuple[DemoPerson, ...]:
    """The group's people; the visitor's own name and language are not known beforehand."""
    return tuple(demo_people())


def find_member(person_id: str) -> DemoPerson | None:
    """None for the visitor; NotFound for anybody who is not of the cast."""
    if person_id == VISITOR:
        return None
    for one in cast():
        if one.id == person_id:
            return one
    raise NotFound("person")


def web_account(session: Session) -> ChannelAccount:
    """The demo page's own channel, seeded with the shop."""
    ours = (ChannelAccount.channel == WEB, ChannelAccount.external_id == WEB)
    return session.scalars(select(ChannelAccount).where(*ours)).one()


def set_language(session: Session, *, person_id: str, locale: Locale, now: datetime) -> None:
    """From now on the shop speaks this language with them."""
    member = find_member(person_id)
    person = meet(
        session,
        account=web_account(session),
        external_id=person_id,
        name=member.name if member else "",
        locale=locale,
        now=now,
    )
    person.locale, person.locale_hint = locale, None


def languages(session: Session, account: ChannelAccount) -> dict[str, str]:
    """Which language the shop speaks with each of them, as far as it has met them."""
    rows = session.execute(
        select(ChannelIdentity.external_id, Person.locale)
        .join(Person, Person.id == ChannelIdentity.person_id)
        .where(ChannelIdentity.account_id == account.id)
    )
    return {row.external_id: row.locale for row in rows}
