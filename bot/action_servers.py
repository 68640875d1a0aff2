"""A shop's own action server: connected by its owner, and looked at before anybody needs it."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data.actions import ActionServer as Connected
from data.actions import connect_server, names_of, secret_of, server_of
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, Unreadable
from data.kernel.errors import Invalid, NotFound, Refused
from data.kernel.tokens import new_token
from dialogs.actions.shelf import ACTIONS
from dialogs.format.own_names import OWN_ACTION_NAMES
from dialogs.house import House
from integrations.action_servers import ActionServer, NoAnswer, may_be_called
from integrations.egress import Egress

MOST_NAMES = 200
LOST_SECRET = "forbidden secret"  # noqa: S105  # no key of ours opens it any more
_NAME = re.compile(r"(?!utter_)[A-Za-z_][A-Za-z0-9_]{0,79}")
_LONGEST_URL = 500
_WIRE = SystemClock()  # their clock is not turned with ours


class NoFieldKey(Refused):
    """Nothing secret is written without a key."""

    code = "error_no_field_key"


@dataclass(frozen=True, slots=True)
class NewServer:
    """As its owner gives it."""

    url: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Looked:
    """`problem`: why it did not tell what it has; `missing`: what flows may call and it lacks;
    `trouble`: what earlier calls met."""

    problem: str = ""
    missing: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem and not self.missing


def called_by(session: Session, house: House, *, merchant_id: str) -> frozenset[str]:
    """What this merchant's flows may call besides our own actions."""
    return house.packages.names(merchant_id) | names_of(session, merchant_id=merchant_id)


def called_in(database: Database, house: House, merchant_id: str) -> frozenset[str]:
    with database.reading() as session:
        return called_by(session, house, merchant_id=merchant_id)


def connect(
    session: Session, *, merchant_id: str, new: NewServer, egress: Egress, by: str, now: datetime
) -> str:
    """Gives the secret that signs its calls: new each time, and told only now."""
    if CIPHER not in session.info:
        raise NoFieldKey
    if len(new.url) > _LONGEST_URL or not may_be_called(new.url, egress):
        raise Invalid("url")
    if not 0 < len(new.names) <= MOST_NAMES or not all(map(_is_theirs, new.names)):
        raise Invalid("names")
    secret = new_token()
    connect_server(
        session,
        merchant_id=merchant_id,
        url=new.url,
        names=new.names,
        secret=secret,
        by=by,
        now=now,
    )
    return secret


def _is_theirs(name: str) -> bool:
    """Nobody takes the place of an action of ours (T19)."""
    ours = name in ACTIONS or name in OWN_ACTION_NAMES
    return _NAME.fullmatch(name) is not None and not ours


async def look_at(database: Database, egress: Egress, *, merchant_id: str) -> Looked:
    """Ask it, as a call would: signed, guarded, with nothing open meanwhile."""
    found, secret = await asyncio.to_thread(_connected, database, merchant_id)
    if secret is None:  # no key of ours opens it, so no call can be signed either
        return Looked(LOST_SECRET, trouble=found.trouble)
    try:
        offered = await ActionServer(found.url, secret, egress).offered(now=_WIRE.now())
    except NoAnswer as none:
        return Looked(none.problem.value, trouble=found.trouble)
    missing = tuple(name for name in found.names if name not in offered)
    return Looked("", missing, found.trouble)


def _connected(database: Database, merchant_id: str) -> tuple[Connected, str | None]:
    """The server and its secret, if it can still be read."""
    with database.reading() as session:
        found = server_of(session, merchant_id=merchant_id)
        if found is None:
            raise NotFound("action_server")
        try:
            return found, secret_of(session, found)
        except Unreadable:
            return found, None
