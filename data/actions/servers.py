"""A shop's own action server: connected, asked for its secret, complained about, disconnected."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.actions.models import ActionServer, ServerMove
from data.kernel.encryption import cipher_of, place_of
from data.kernel.errors import NotFound


def connect_server(  # noqa: PLR0913  # where, what and who
    session: Session,
    *,
    merchant_id: str,
    url: str,
    names: Iterable[str],
    secret: str,
    by: str,
    now: datetime,
) -> ActionServer:
    """Again: another address, other names, a new secret; calls under way use what is newest."""
    server = session.get(ActionServer, merchant_id) or ActionServer(merchant_id=merchant_id)
    server.url = url
    server.names = sorted(set(names))
    server.secret = cipher_of(session).encrypt(secret, place=_place(merchant_id))
    server.trouble, server.trouble_at, server.connected_at = "", None, now
    session.add(server)
    _note(session, merchant_id, url, server.names, by, now)
    return server


def disconnect_server(session: Session, *, merchant_id: str, by: str, now: datetime) -> None:
    server = server_of(session, merchant_id=merchant_id)
    if server is None:
        raise NotFound("action_server")
    session.delete(server)
    _note(session, merchant_id, None, [], by, now)


def server_of(session: Session, *, merchant_id: str) -> ActionServer | None:
    return session.get(ActionServer, merchant_id)


def moves_of(session: Session, *, merchant_id: str, most: int = 20) -> list[ServerMove]:
    """Who sent the calls where, the latest first."""
    mine = select(ServerMove).where(ServerMove.merchant_id == merchant_id)
    return list(session.scalars(mine.order_by(ServerMove.id.desc()).limit(most)))


def names_of(session: Session, *, merchant_id: str) -> frozenset[str]:
    """What the shop's flows may call there."""
    server = server_of(session, merchant_id=merchant_id)
    return frozenset(server.names) if server else frozenset()


def secret_of(session: Session, server: ActionServer) -> str:
    return cipher_of(session).decrypt(server.secret, place=_place(server.merchant_id))


def note_trouble(
    session: Session, *, merchant_id: str, action: str, trouble: str, now: datetime
) -> None:
    """Staff must mend it: no later try will."""
    session.execute(
        update(ActionServer)
        .where(ActionServer.merchant_id == merchant_id)
        .values(trouble=f"{action}: {trouble}"[:120], trouble_at=now)
    )


def forget_trouble(session: Session, *, merchant_id: str, action: str) -> None:
    """This action has answered."""
    session.execute(
        update(ActionServer)
        .where(
            ActionServer.merchant_id == merchant_id,
            ActionServer.trouble.startswith(f"{action}:", autoescape=True),
        )
        .values(trouble="", trouble_at=None)
        .execution_options(synchronize_session=False)
    )


def _note(  # one row's columns
    session: Session,
    merchant_id: str,
    url: str | None,
    names: list[str],
    by: str,
    now: datetime,
) -> None:
    session.add(ServerMove(merchant_id=merchant_id, url=url, names=names, by=by, at=now))


def _place(merchant_id: str) -> str:
    return place_of(merchant_id, ActionServer.__tablename__, merchant_id)
