"""A cursor is where an account stands: none at first, then the last that was told."""

from datetime import timedelta

from data.delivery import cursors
from data.delivery.models import Cursor
from data.kernel.database import Database
from tests.bot.delivery.matrix import an_account
from tests.builders import NOW


def test_a_cursor_begins_nowhere_and_moves(each_database: Database) -> None:
    account = an_account(each_database)
    with each_database.reading() as session:
        assert cursors.position(session, account_id=account.id) is None
    for minutes, place in enumerate(("s1", "s2" * 300)):
        now = NOW + timedelta(minutes=minutes)
        with each_database.transaction() as session:
            cursors.move(session, account=account, to=place, now=now)
        with each_database.reading() as session:
            assert cursors.position(session, account_id=account.id) == place
            assert session.get_one(Cursor, account.id).moved_at == now
