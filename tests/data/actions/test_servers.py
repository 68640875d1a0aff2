"""A shop's action server: its secret is sealed, and every move of it stays to be read."""

from typing import Any

import pytest
from sqlalchemy import select

from data.actions import (
    ServerMove,
    connect_server,
    disconnect_server,
    forget_trouble,
    names_of,
    note_trouble,
    secret_of,
    server_of,
)
from data.kernel.database import Database
from data.kernel.errors import NotFound
from tests.builders import NOW, a_merchant

URL = "https://actions.example/webhook"
CANARY = "canary-secret"


def test_t20_its_secret_is_sealed_and_only_its_own_row_opens_it(each_database: Database) -> None:
    with each_database.transaction() as session:
        ours, theirs = a_merchant(session), a_merchant(session)
        for merchant in (ours, theirs):
            connect_server(
                session,
                merchant_id=merchant.id,
                url=URL,
                names=["action_fold", "action_fold", "action_cut"],
                secret=CANARY + merchant.id,
                by="owner",
                now=NOW,
            )
    with each_database.reading() as session:
        server = server_of(session, merchant_id=ours.id)
        assert server is not None
        assert CANARY not in server.secret
        assert secret_of(session, server) == CANARY + ours.id
        assert names_of(session, merchant_id=ours.id) == {"action_cut", "action_fold"}


def test_every_move_of_it_is_noted_and_a_new_one_begins_without_trouble(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        given: Any = {"merchant_id": merchant.id, "names": [], "secret": "s", "now": NOW}
        connect_server(session, url=URL, by="owner", **given)
        here: Any = {"merchant_id": merchant.id, "action": "action_fold"}
        note_trouble(session, trouble="404", now=NOW, **here)
        forget_trouble(session, merchant_id=merchant.id, action="action_fol_")
        kept = server_of(session, merchant_id=merchant.id)
        assert kept is not None
        session.refresh(kept)
        assert kept.trouble == "action_fold: 404"
        server = connect_server(session, url=URL + "2", by="cli", **given)
        assert (server.trouble, server.trouble_at) == ("", None)
        disconnect_server(session, merchant_id=merchant.id, by="owner", now=NOW)
        moves = session.scalars(select(ServerMove).order_by(ServerMove.id))
        assert [(move.url, move.by) for move in moves] == [
            (URL, "owner"),
            (URL + "2", "cli"),
            (None, "owner"),
        ]
        assert server_of(session, merchant_id=merchant.id) is None
        with pytest.raises(NotFound):
            disconnect_server(session, merchant_id=merchant.id, by="owner", now=NOW)
