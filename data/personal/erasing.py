"""The deed of forgetting: rows deleted or blanked as `places.py` says, in one transaction (T53).

What stays points at a tombstone. The farewell alone still needs the messenger's name of the chat:
it stands in a chat of its own, where nobody is, and goes a day later.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, Text, cast, delete, literal, or_, select, update
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.models import Job, OutboxRow, OutboxState
from data.kernel.ids import new_id
from data.people import Chat, ChatMember, Person
from data.people.merged import been
from data.personal.exporting import inbox_ids
from data.personal.models import MoveKind, PersonMove
from data.personal.places import PLACES, Fate, mapped, private_chats, rows_of, tables_of_people

FAREWELL_RESPONSE = "utter_forgotten"
_SHORTEST_NAME = 2  # letters: a shorter one stands in every other message
_BY_THESE = "chat_members"  # whose chats are found, so they go last
_SAID = ("user_said", "staff_said")
_FIGURES = "satisfaction_told"  # its body holds a number and a yes or no, which analytics counts
_WAITING = "turn"  # the job of a message that came meanwhile: it is a stranger's by now


def erase_person(
    session: Session, *, person: Person, by: str, farewell: str | None, now: datetime
) -> str | None:
    """Gives the chat where the farewell stands alone, if it was said in one."""
    people = been(session, person.id)
    _lock(session, people)
    alone = _set_apart(session, farewell, now) if farewell else None
    chats = session.scalars(select(Chat.id).where(Chat.id.in_(private_chats(people)))).all()
    _erase_around(session, people, list(chats), person.name)
    tables = tables_of_people()
    for table in tables:
        if PLACES[table.name].fate is Fate.BLANKED and table.name != "people":
            _blank(session, table, people)
    children_first = [table for table in reversed(tables) if table.name != _BY_THESE]
    for table in (*children_first, mapped(_BY_THESE)):
        if PLACES[table.name].fate is Fate.DELETED:
            session.execute(delete(table).where(rows_of(table, people)))
    _bury(session, people, now)
    session.add(
        PersonMove(
            merchant_id=person.merchant_id,
            kind=MoveKind.ERASED,
            person_id=person.id,
            by=by,
            at=now,
        )
    )
    session.flush()
    session.expire_all()
    return alone


def forget_farewell(session: Session, *, chat_id: str) -> None:
    """It was read or never will be. Where they have written again the chat is theirs anew."""
    if session.scalar(select(ChatMember.chat_id).where(ChatMember.chat_id == chat_id).limit(1)):
        return
    for table in ("outbox", "allowances", "passes"):
        rows = mapped(table)
        session.execute(delete(rows).where(rows.c.chat_id == chat_id))
    session.execute(delete(Chat).where(Chat.id == chat_id))


def _lock(session: Session, people: list[str]) -> None:
    """As a merge does: whoever is amid a turn with them begins again, and finds nobody."""
    session.flush()
    locked = select(Person.id).where(Person.id.in_(people)).order_by(Person.id)
    session.scalars(locked.with_for_update(key_share=True)).all()
    session.execute(
        update(Conversation)
        .where(Conversation.person_id.in_(people))
        .values(rev=Conversation.rev + 1)
        .execution_options(synchronize_session=False)
    )


def _set_apart(session: Session, conversation_id: str, now: datetime) -> str | None:
    """The last word gets a chat of its own, which no person and no order hangs on."""
    talk = session.get_one(Conversation, conversation_id)
    chat = session.get_one(Chat, talk.chat_id)
    name, chat.external_id = chat.external_id, f"erased:{chat.id}"
    session.flush()  # the name must be free before it is taken
    alone = Chat(
        id=new_id("cht"),
        merchant_id=chat.merchant_id,
        account_id=chat.account_id,
        external_id=name,
        kind="private",
        created_at=now,
    )
    session.add(alone)
    session.flush()
    last = (
        select(OutboxRow.id)
        .where(OutboxRow.chat_id == chat.id, OutboxRow.response == FAREWELL_RESPONSE)
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(last.scalar_subquery()))
        .values(
            chat_id=alone.id, person_id=None, conversation_id=None, inbox_id=None, reply_to=None
        )
        .execution_options(synchronize_session=False)
    )
    return alone.id


def _erase_around(session: Session, people: list[str], chats: list[str], name: str) -> None:
    """What names them without a foreign key, while it can still be found."""
    inbox, told, counts = mapped("inbox"), mapped("told_events"), mapped("proactive_counts")
    mine = inbox.c.id.in_(inbox_ids(people))
    forgotten = literal("erased:").concat(cast(inbox.c.id, Text))
    session.execute(update(inbox).where(mine).values(payload={}, event_id=forgotten, reason=""))
    days = mapped("occasions")
    of_days = select(days.c.id).where(rows_of(days, people))
    session.execute(delete(told).where(told.c.key.in_(of_days)))
    session.execute(delete(counts).where(counts.c.whom.in_([*people, *chats])))
    session.execute(delete(mapped("link_tries")).where(mapped("link_tries").c.whom.in_(chats)))
    lanes = [*(f"chat:{chat}" for chat in chats), *(f"person:{one}" for one in people)]
    session.execute(
        update(Job)
        .where(Job.lane.in_(lanes), Job.kind != _WAITING)
        .values(state="done", args={})
        .execution_options(synchronize_session=False)
    )
    _unname(session, people, name)


def _unname(session: Session, people: list[str], name: str) -> None:
    """In groups their name may stand in what was said to all."""
    if len(name) < _SHORTEST_NAME:
        return
    groups = select(ChatMember.chat_id).where(ChatMember.person_id.in_(people))
    says = or_(*(cast(OutboxRow.segments, Text).contains(one) for one in _spelt(name)))
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.chat_id.in_(groups), OutboxRow.state == OutboxState.SENT, says)
        .values(segments=[])
        .execution_options(synchronize_session=False)
    )


def _spelt(name: str) -> set[str]:
    """As JSON may hold it: plain, or escaped."""
    return {name, name.encode("unicode_escape").decode().replace("\\x", "\\u00")}


_NOTHING: Mapping[str, Mapping[str, Any]] = {
    "chats": {"title": "", "reachable": False},
    "conversations": {
        "snapshot": {},
        "mode": "bot",
        "handed_over_at": None,
        "unanswered_at": None,
    },
    "action_calls": {"payload": {}, "reason": "", "due_at": None},
    "outbox": {"segments": [], "error": "", "reply_to": None, "external_id": None},
    "returns": {"note": ""},
    "payment_attempts": {"details": {}, "pay_with": None},
    "pools": {"for_name": "", "ship_to": None, "recipient_id": None},
    "parcels": {"ship_to": None},
    "orders": {"ship_to": None, "recipient": None, "occasion_id": None, "tracking": None},
}


def _blank(session: Session, table: Table, people: list[str]) -> None:
    mine = rows_of(table, people)
    if table.name == "conversation_events":
        _blank_events(session, table, people)
        return
    values: dict[str, Any] = dict(_NOTHING[table.name])
    if table.name == "chats":
        values["external_id"] = literal("erased:").concat(table.c.id)
    if table.name == "outbox":
        unsaid = table.c.state.in_((OutboxState.PENDING, OutboxState.SENDING))
        stopped = {"state": OutboxState.SKIPPED, "error": "erased"}
        session.execute(update(table).where(mine, unsaid).values(stopped))
        values.pop("error")
    session.execute(update(table).where(mine).values(values))


def _blank_events(session: Session, events: Table, people: list[str]) -> None:
    """What flows did stays countable; what was taken in goes, so a replay gives what is left:
    nothing."""
    mine = rows_of(events, people)
    counted = or_(events.c.flow.is_not(None), events.c.kind.in_(_SAID))
    session.execute(delete(events).where(mine, ~counted))
    session.execute(
        update(events)
        .where(mine, events.c.kind.in_(_SAID))
        .values(body={"text": "", "private": True}, inbox_id=None)
    )
    session.execute(
        update(events)
        .where(mine, events.c.kind.not_in((*_SAID, _FIGURES)))
        .values(body={}, inbox_id=None)
    )


def _bury(session: Session, people: list[str], now: datetime) -> None:
    session.execute(
        update(Person)
        .where(Person.id.in_(people))
        .values(
            name="",
            timezone="UTC",
            locale_hint=None,
            model_asked=None,
            minor_since=None,
            opted_out_at=now,
            nudges_off_at=None,
            erased_at=now,
        )
        .execution_options(synchronize_session=False)
    )
