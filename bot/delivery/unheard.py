"""A `tell_unheard` job: what is about their money is told in whichever chat of theirs is open."""

import logging
from datetime import datetime

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from bot.channels.wechat_events import MESSAGE, TOUCH
from bot.delivery.another_chat import as_offered
from data.delivery import allowances, jobs
from data.delivery.jobs import NewJob
from data.delivery.messages import OutboundMessage, Purpose, segment_from_json
from data.delivery.models import Job, OutboxRow
from data.delivery.patience import PATIENCE, SINCE, try_later
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember
from data.people.merged import known_as
from dialogs.house import House
from dialogs.notices.herald import Herald
from dialogs.notices.unheard import ABOUT_MONEY, MARK, TELL_UNHEARD, keep_unheard, lane_of

# Messengers where people open a window for us by what they do, and it shuts again.
_WINDOWED, _WINDOWS = frozenset({"wechat", "wecom"}), (TOUCH, MESSAGE)

log = logging.getLogger(__name__)


def keep_shut_out(session: Session, row: OutboxRow, now: datetime) -> None:
    """In the transaction that gives it up, because its chat is shut, or its window."""
    if row.person_id is None or row.response not in ABOUT_MONEY:
        return
    keep_unheard(
        session,
        person=known_as(session, row.person_id),
        message=OutboundMessage(tuple(as_offered(session, row)), response=row.response),
        key=row.key,
        since=row.not_after - PATIENCE if row.not_after else now,  # of one that was kept before
        now=now,
    )


def tell_unheard(session: Session, house: House, job: Job, now: datetime) -> None:
    """Once: it goes to one chat, or it is tried again later."""
    args = job.args
    person = known_as(session, args["person_id"])
    message = OutboundMessage(
        tuple(map(segment_from_json, args["segments"])),
        purpose=Purpose.TRANSACTIONAL,
        response=args["response"],
        not_after=datetime.fromisoformat(args[SINCE]) + PATIENCE,
    )
    herald = Herald(session, house.flows, person.merchant_id, now, house.public_url)

    def is_open(account: ChannelAccount, chat: Chat) -> bool:
        return account.channel not in _WINDOWED or bool(
            allowances.left(session, chat_id=chat.id, sources=_WINDOWS, now=now)
        )

    if herald.say_privately(person, message, key=f"{MARK}{args['key']}", is_open=is_open):
        return
    again = NewJob(job.lane, job.kind, f"{MARK}{args['key']}", now, args, job.merchant_id)
    if not try_later(session, again, now=now):
        log.warning("unheard %s", job.id)


def window_opened(session: Session, *, chat_id: str, now: datetime) -> None:
    """What waits for whoever is in this private chat is told now and not at its next try."""
    lanes = select(literal(lane_of("")) + ChatMember.person_id).where(
        ChatMember.chat_id == chat_id, ChatMember.left_at.is_(None)
    )
    waiting = select(Job.lane).where(
        Job.lane.in_(lanes), Job.kind == TELL_UNHEARD, Job.state == "due", Job.run_at > now
    )
    for lane in session.scalars(waiting.distinct().order_by(Job.lane)).all():
        jobs.hasten(session, lane=lane, kind=TELL_UNHEARD, now=now)
