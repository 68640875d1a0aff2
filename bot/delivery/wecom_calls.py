"""A call of WeCom's, in one transaction. About customer service it is only a bell: it says that
there is news, and by which word it may be fetched. About a customer group it says who came and
went."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.channels.wechat_events import NOWHERE, XML
from bot.channels.wechat_xml import Fields, text_of
from bot.channels.wecom_events import (
    BELL,
    COMES,
    GOES,
    GROUP,
    call_name,
    group_of,
    members_of,
)
from bot.delivery.storing import store_in
from bot.delivery.wechat_accounts import Line
from bot.delivery.wechat_inbox import Call
from bot.delivery.wecom_accounts import DESK, setting_of
from data.delivery import held_calls, passes
from data.delivery.token_models import PassKind
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from data.people.membership import note_left, set_reachable
from data.people.service import note_members

log = logging.getLogger(__name__)
_WORD_LASTS = timedelta(minutes=10)  # vendor's page of kf/sync_msg


def keep_call(session: Session, line: Line, call: Call, now: datetime) -> None:
    """The same bytes again have no effect; other bytes under a used nonce are Forbidden (T02)."""
    if not held_calls.hear(session, account=line.account, signed=call.signed, now=now):
        return
    name = text_of(call.fields, "Event")
    if name == BELL:
        _ring(session, line.account, call.fields, now)
    elif name == GROUP:
        _note_group(session, line.account, call, now)
    else:
        _store_call(session, line.account, call, now)


def _ring(session: Session, account: ChannelAccount, fields: Fields, now: datetime) -> None:
    """Of another desk of the same company: none of ours."""
    if text_of(fields, "OpenKfId") not in ("", setting_of(account, DESK)):
        log.info("wecom: another desk: %s", account.id)
        return
    of, word = passes.Of(account, PassKind.NEWS), text_of(fields, "Token")
    passes.give(session, of=of, text=word, until=now + _WORD_LASTS, now=now)


def _note_group(session: Session, account: ChannelAccount, call: Call, now: datetime) -> None:
    """The group is known from now on, and closed to us: only the company's owner sends there."""
    name = group_of(call.fields)
    if name is not None and _store_call(session, account, call, now):
        group = meet_chat(
            session, account=account, external_id=name, kind="group", title="", now=now
        )
        set_reachable(session, account=account, external_id=name, reachable=False)
        _note_members(session, account, group, call.fields, now)


def _note_members(
    session: Session, account: ChannelAccount, group: Chat, fields: Fields, now: datetime
) -> None:
    """Of those who came and went, whom we know from our desk; the others are no customers yet."""
    members, change = members_of(fields), text_of(fields, "UpdateDetail")
    if change == COMES:
        note_members(session, account=account, chat=group, external_ids=members, now=now)
    for member in members if change == GOES else ():
        note_left(session, account=account, chat=group.external_id, person=member, now=now)


def _store_call(session: Session, account: ChannelAccount, call: Call, now: datetime) -> bool:
    """False: it was here before."""
    stored = store_in(
        session,
        account=account,
        event_id=call_name(call.fields),
        chat=group_of(call.fields) or NOWHERE,
        payload={XML: call.xml},
        now=now,
    )
    return stored is not None
