"""The round through a shop's conversations: flows that nobody goes on with end, those that
have a way to a newer version take it, and versions that nobody needs any more are collected.

Nobody is written to. Whoever comes back to a flow that has ended hears it then.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation, StaleConversation
from data.conversations.left_behind import Search, idle_longest, left_behind
from data.flows import Keeping, collect, has_old_versions, live_sha, versions_left_behind
from data.flows.tending import A_DAY, set_alarm
from data.kernel.ids import FlowSha
from dialogs.engine import Flows, Lapsed, Standing, move_on
from dialogs.library import FlowLibrary
from dialogs.standing import standing, write_change

# A page is one transaction, and on SQLite everybody else waits for it.
_PAGE = 50


def tend(
    session: Session,
    library: FlowLibrary,
    *,
    merchant_id: str,
    keeping: Keeping,
    now: datetime,
    after: str = "",
) -> None:
    """One page of the round; the last one collects and sets the next alarm."""
    left = versions_left_behind(session, merchant_id=merchant_id)
    search = Search(merchant_id, now - keeping.idle, left, after)
    page = left_behind(session, search=search, limit=_PAGE)
    flows = _flows(session, library, merchant_id)
    for conversation in page:
        _look_after(session, conversation, flows, search, now)
    if len(page) == _PAGE:
        set_alarm(session, merchant_id=merchant_id, at=now, now=now, after=page[-1].id)
        return
    collect(session, merchant_id=merchant_id, kept_since=now - keeping.versions)
    at = _next_round(session, merchant_id, keeping, now)
    set_alarm(session, merchant_id=merchant_id, at=at, now=now)


def _next_round(session: Session, merchant_id: str, keeping: Keeping, now: datetime) -> datetime:
    """Tomorrow where something may have become free by then, else when the first of those who talk
    now, or the first who says a word after now, can have become idle."""
    tomorrow = now + A_DAY
    if has_old_versions(session, merchant_id=merchant_id):
        return tomorrow
    last = idle_longest(session, merchant_id=merchant_id) or now
    return max(tomorrow, last + keeping.idle)


def _flows(session: Session, library: FlowLibrary, merchant_id: str) -> Flows:
    live = live_sha(session, merchant_id=merchant_id)
    return Flows(FlowSha(live), lambda sha: library.get(session, merchant_id=merchant_id, sha=sha))


def _look_after(
    session: Session, conversation: Conversation, flows: Flows, search: Search, now: datetime
) -> None:
    """A conversation in which somebody speaks at this very moment is not idle: it is left."""
    stands = standing(session, conversation, flows)
    after = Standing(stands.state)
    if conversation.last_at < search.idle_since:
        after = move_on(stands.state, Lapsed(), flows)
    if not (stands.events or after.events):
        return
    try:
        with session.begin_nested():
            write_change(session, conversation, stands, after, now=now)
    except StaleConversation:
        session.expire(conversation)
