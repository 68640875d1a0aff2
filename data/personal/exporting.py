"""Everything that a shop knows of one person, as JSON: table by table, straight from the schema.

A link to it works once, for its person, for a day; opening the page changes nothing (T10, T53).
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import NotFound, Refused
from data.kernel.tokens import fingerprint, new_token
from data.people import Person
from data.people.merged import been, known_as
from data.personal.models import DataExport, MoveKind, PersonMove
from data.personal.places import PLACES, mapped, rows_of, tables_of_people

EXPORT_LIFE = timedelta(hours=24)  # T53; and as often as once in that time (rates: export 1 a day)
# What opens something is nobody's to pass on, and which shop it is they know.
# `goes_with` names another's order: to whom something goes is not the buyer's to know. `seat_id`
# is that of somebody who was invited.
_LEFT_OUT = (
    "merchant_id",
    "token",
    "token_hash",
    "code_hash",
    "pay_with",
    "idempotency_key",
    "goes_with",
    "seat_id",
    "share_hash",
)
# Columns that are sealed for their row, and the table's name in the seal.
_SEALED = {
    ("orders", "ship_to"),
    ("pools", "ship_to"),
    ("parcels", "ship_to"),
    ("kept_addresses", "sealed"),
    ("occasions", "subject"),
}
_TALK = "conversation_events"


def offer_export(session: Session, *, person: Person, now: datetime) -> str:
    """A token for `/my-data/<token>`; an older one that was not used is good no more."""
    since = now - EXPORT_LIFE
    theirs = select(DataExport.token_hash).where(DataExport.person_id == person.id)
    if session.scalar(theirs.where(DataExport.used_at > since).limit(1)) is not None:
        raise Refused("export_today")
    session.execute(
        update(DataExport)
        .where(DataExport.person_id == person.id, DataExport.used_at.is_(None))
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
    token = new_token()
    session.add(
        DataExport(
            token_hash=fingerprint(token),
            merchant_id=person.merchant_id,
            person_id=person.id,
            created_at=now,
            expires_at=now + EXPORT_LIFE,
        )
    )
    session.flush()
    return token


def find_export(session: Session, *, token: str, now: datetime) -> Person:
    """Whose file this link leads to; NotFound for a guess, and for one that is used or too old."""
    export = session.get(DataExport, fingerprint(token))
    if export is None or export.used_at is not None or export.expires_at <= now:
        raise NotFound("export")
    return known_as(session, export.person_id)


def take_export(session: Session, *, token: str, now: datetime) -> dict[str, Any]:
    """The file, once: the conditional update decides between two who press at the same moment."""
    person = find_export(session, token=token, now=now)
    used = session.execute(
        update(DataExport)
        .where(DataExport.token_hash == fingerprint(token), DataExport.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not changed(used):
        raise NotFound("export")
    return export_person(session, person=person, by=person.id, now=now)


def export_person(
    session: Session, *, person: Person, by: str, now: datetime, sealed: bool = True
) -> dict[str, Any]:
    """`by`: the person themselves, or who of the shop asked for it; that is written down.
    `sealed`: with what only they may read; no file for the shop's people has it (T14, T52)."""
    people = been(session, person.id)
    file = {
        "made_at": now.isoformat(),
        "person": person.id,
        **{
            table.name: _rows(session, table, people, sealed=sealed)
            for table in tables_of_people()
            if PLACES[table.name].shown
        },
        "inbox": _written_by(session, people),
    }
    session.add(
        PersonMove(
            merchant_id=person.merchant_id,
            kind=MoveKind.EXPORTED,
            person_id=person.id,
            by=by,
            at=now,
        )
    )
    session.flush()
    return file


def _rows(
    session: Session, table: Table, people: list[str], *, sealed: bool
) -> list[dict[str, Any]]:
    order = list(table.primary_key.columns)
    found = session.execute(select(table).where(rows_of(table, people)).order_by(*order))
    return [_row(session, table, row._mapping, sealed=sealed) for row in found]


def _row(session: Session, table: Table, row: Mapping[Any, Any], *, sealed: bool) -> dict[str, Any]:
    told = {}
    for column in table.columns:
        value = row[column]
        secret = (table.name, column.name) in _SEALED
        if column.name in _LEFT_OUT or value is None or (secret and not sealed):
            continue
        if secret:
            value = _opened(session, value, place_of(row["merchant_id"], table.name, row["id"]))
        told[column.name] = _plain(value)
    if sealed and table.name == _TALK:
        _open_event(session, told, row)
    return told


def _open_event(session: Session, told: dict[str, Any], row: Mapping[Any, Any]) -> None:
    """What was said in private is sealed in the log; it is theirs to read."""
    data = told["body"].get("data", {})
    if "sealed" in data:
        place = place_of(row["merchant_id"], _TALK, row["conversation_id"])
        told["body"] = {**told["body"], "data": _opened(session, data["sealed"], place)}


def _written_by(session: Session, people: list[str]) -> list[dict[str, Any]]:
    """What their messengers brought us, as far as a turn was taken for it."""
    inbox = mapped("inbox")
    found = session.execute(
        select(inbox.c.received_at, inbox.c.payload)
        .where(inbox.c.id.in_(inbox_ids(people)))
        .order_by(inbox.c.id)
    )
    return [{"received_at": _plain(at), "payload": payload} for at, payload in found]


def inbox_ids(people: list[str]) -> Any:
    """Updates that were taken in by conversations of these people."""
    events = mapped(_TALK)
    mine = rows_of(events, people)
    return select(events.c.inbox_id).where(mine, events.c.inbox_id.is_not(None)).distinct()


def _opened(session: Session, sealed: str, place: str) -> Any:
    """An address is a map, a name a text; a key that is gone opens nothing."""
    try:
        text = cipher_of(session).decrypt(sealed, place=place)
    except Unreadable:
        return None
    return json.loads(text) if text.startswith("{") else text


_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: bytes.hex,
}


def _plain(value: Any) -> Any:
    return _PLAIN[type(value)](value) if type(value) in _PLAIN else value
