"""A customer with a private chat who agreed to reminders, and a worker who answers alarms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.delivery import jobs
from data.kernel.facts import LISTENERS, Fact
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.occasions import JOBS, ReminderDue
from data.people import (
    Asked,
    Chat,
    ConsentPurpose,
    Person,
    grant_consent,
    meet,
    meet_chat,
    note_member,
)
from tests.builders import NOW, a_merchant

ASKED = Asked(text_version="reminders-1", locale=Locale.EN, channel="rest", message_id="m1")


def a_customer(
    session: Session,
    *,
    timezone: str = "Asia/Shanghai",
    agreed: Sequence[ConsentPurpose] = (ConsentPurpose.REMINDERS,),
    settings: dict[str, Any] | None = None,
) -> Person:
    """Somebody in their own private chat."""
    merchant = a_merchant(session, timezone=timezone, settings=settings)
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=merchant.id,
        channel="rest",
        external_id=new_id("rest"),
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    person = meet(
        session, account=account, external_id="lan", name="Lan", locale=Locale.EN, now=NOW
    )
    a_chat(session, account, person, kind="private")
    for purpose in agreed:
        grant_consent(session, person=person, purpose=purpose, asked=ASKED, now=NOW)
    return person


def a_chat(
    session: Session,
    account: ChannelAccount,
    person: Person,
    *,
    kind: str = "private",
    now: datetime = NOW,
) -> Chat:
    chat = meet_chat(
        session, account=account, external_id=new_id("x"), kind=kind, title="", now=now
    )
    session.flush()
    note_member(session, chat=chat, person=person, now=now)
    session.flush()
    return chat


@dataclass
class Listener:
    """Hears what a session announces."""

    heard: list[tuple[datetime, ReminderDue]] = field(default_factory=list)

    def __call__(self, session: Session, fact: Fact, now: datetime) -> None:
        if isinstance(fact, ReminderDue):
            self.heard.append((now, fact))

    def listen_to(self, session: Session) -> "Listener":
        session.info[LISTENERS] = (self,)
        return self


def answer_alarms(session: Session, *, now: datetime) -> None:
    """What the worker does: every due job of every lane, until none is due."""
    while lanes := jobs.due_lanes(session, now=now):
        for lane in lanes:
            while (job := jobs.claim(session, lane=lane, now=now)) is not None:
                JOBS[job.kind](session, job, now)
                job.state = "done"
                session.flush()
