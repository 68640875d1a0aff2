"""A call of WeChat's: who signed it, what it brought, and one transaction that keeps it.

    403   signature, stamp, nonce or seal is wrong: nothing is stored
    400   signed, and no document: nothing is stored either

What cannot be understood later is still stored: it is somebody's message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from bot.channels.adapter import Unreadable
from bot.channels.wechat_events import (
    MESSAGE,
    NOWHERE,
    XML,
    event_id_of,
    grants_of,
    sender_of,
    window_of,
)
from bot.channels.wechat_xml import Fields, parse, text_of
from bot.delivery.storing import store_in
from bot.delivery.unheard import window_opened
from bot.delivery.wechat_accounts import Line
from data.delivery import allowances, held_calls, inbox
from data.delivery.allowances import Place
from data.delivery.held_calls import Signed
from data.kernel.errors import Forbidden, Invalid
from data.people import meet_chat

_SKEW = timedelta(seconds=300)  # security design, T02
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """What a signed call brought: one document, as it was inside its envelope."""

    xml: str
    fields: Fields
    signed: Signed
    sealed: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A call and its row. `number`: the how manieth for it; 0: WeChat calls no more often."""

    inbox_id: int
    number: int


def echo(line: Line, query: Query, now: datetime) -> str:
    """WeChat asks whether the address is ours: what it says, said back."""
    _check_stamp(query, now)
    said, keys = query.get("echostr", ""), line.keys
    stamp = (query.get("timestamp", ""), query.get("nonce", ""))
    if "msg_signature" in query and keys.is_signed(query["msg_signature"], *stamp, said):
        return keys.open(said)
    if not keys.is_signed(query.get("signature", ""), *stamp):
        raise Forbidden("signature")
    return said


def check_first(line: Line, query: Query, now: datetime) -> None:
    """What can be refused before a byte of the body is read (T01)."""
    _check_stamp(query, now)
    given = query.get("signature")
    if given is None and not query.get("msg_signature"):
        raise Forbidden("signature")
    if given is not None and not line.keys.is_signed(given, *_stamp(query)):
        raise Forbidden("signature")


def opened(line: Line, query: Query, body: bytes) -> Call:
    """Forbidden: not sealed or signed as agreed. Invalid: no document that says anything."""
    nonce = sha256("\0".join(_stamp(query)).encode("utf-8", "surrogatepass")).hexdigest()
    signed = Signed(nonce, sha256(body).hexdigest())
    try:
        envelope = parse(body)
        sealed = text_of(envelope, "Encrypt")
        if not sealed:
            return _unsealed(line, query, envelope, body, signed)
        if not line.keys.is_signed(query.get("msg_signature", ""), *_stamp(query), sealed):
            raise Forbidden("signature")
        xml = line.keys.open(sealed)
        return Call(xml, parse(xml), signed)
    except Unreadable as error:
        raise Invalid("xml") from error


def _unsealed(line: Line, query: Query, fields: Fields, body: bytes, signed: Signed) -> Call:
    """Only where the shop has said so: the signature does not cover what is said here."""
    if not line.rules.plain or "signature" not in query:
        raise Forbidden("unsealed")
    return Call(body.decode("utf-8", "replace"), fields, signed, sealed=False)


def keep(session: Session, line: Line, call: Call, *, answered: bool, now: datetime) -> Kept:
    """Its row, what it lets us say, and whether WeChat waits for an answer: `answered` ones."""
    account = line.account
    new = held_calls.hear(session, account=account, signed=call.signed, now=now)
    event_id = name_of(call)
    inbox_id = store_in(
        session,
        account=account,
        event_id=event_id,
        chat=sender_of(call.fields) or NOWHERE,
        payload={XML: call.xml},
        now=now,
    )
    if inbox_id is None:
        return _called_again(session, line, event_id, new=new, now=now)
    _open_windows(session, line, call.fields, now)
    until = now + _patience(line, 1) if answered else now
    held_calls.hold(
        session, inbox_id=inbox_id, merchant_id=account.merchant_id, until=until, now=now
    )
    return Kept(inbox_id, 1)


def name_of(call: Call) -> str:
    """What its repeats are known by."""
    try:
        return event_id_of(call.fields)
    except Unreadable:
        return f"raw:{sha256(call.xml.encode()).hexdigest()}"


def _called_again(session: Session, line: Line, event_id: str, *, new: bool, now: datetime) -> Kept:
    """Also the very same bytes, as long as WeChat may still call again; after that it is somebody
    who has listened (T02)."""
    row = inbox.find(session, account_id=line.account.id, event_id=event_id)
    assert row is not None  # noqa: S101  # it has just refused to be stored twice
    most = line.rules.calls
    number = held_calls.call_again(
        session, inbox_id=row.id, most=most, until=now + _patience(line, most), now=now
    )
    too_late = now > row.received_at + 2 * _patience(line, 1)
    if not new and (number is None or too_late):
        raise Forbidden("replay")
    return Kept(row.id, number or 0)


def _patience(line: Line, number: int) -> timedelta:
    """Until WeChat gives up for good, as seen from the call of this number; and a moment."""
    left = line.rules.calls - number + 1
    return timedelta(seconds=line.rules.reply_seconds * (left + 0.2))


def _open_windows(session: Session, line: Line, fields: Fields, now: datetime) -> None:
    who, window, grants = sender_of(fields), window_of(fields), grants_of(fields)
    if who is None or not (window or grants):
        return
    account = line.account
    chat = meet_chat(session, account=account, external_id=who, kind="private", title="", now=now)
    place = Place(account.merchant_id, chat.id)
    if window:
        rule = line.rules.message if window == MESSAGE else line.rules.touch
        until = now + timedelta(seconds=rule.seconds)
        uses = rule.messages
        allowances.open_window(session, place=place, source=window, uses=uses, until=until, now=now)
        window_opened(session, chat_id=chat.id, now=now)
    for one in grants:
        if one.accepted:
            allowances.grant(session, place=place, source=one.source, now=now)
        else:
            allowances.revoke(session, chat_id=chat.id, sources=[one.source])


def _stamp(query: Query) -> tuple[str, str]:
    return query.get("timestamp", ""), query.get("nonce", "")


def _check_stamp(query: Query, now: datetime) -> None:
    """Seconds since 1970; too old or from tomorrow is a replay (T02)."""
    stamp = query.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= len("9999999999")):
        raise Forbidden("timestamp")
    if abs(now.timestamp() - int(stamp)) > _SKEW.total_seconds():
        raise Forbidden("timestamp")
