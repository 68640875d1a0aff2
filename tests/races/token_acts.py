"""What one process does when a messenger's token has ended: by the row, and naively as control."""

import time
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier

from sqlalchemy import text

from data.delivery import channel_tokens
from data.delivery.token_models import TokenKind
from data.kernel.database import Database
from data.merchants import ChannelAccount
from tests.races.acts import LINGER


def renew(database: Database, barrier: Barrier, account_id: str, name: str, now: datetime) -> None:
    """Asks the messenger (a row of `asked`) if it wins, else waits for the one that did."""
    with database.reading() as session:
        account = session.get_one(ChannelAccount, account_id)
    barrier.wait()
    with database.transaction() as session:
        until = channel_tokens.win(
            session, account=account, kind=TokenKind.ACCESS, version=0, now=now
        )
    if until is not None:
        _ask(database, name)
        with database.transaction() as session:
            channel_tokens.keep(
                session,
                account=account,
                kind=TokenKind.ACCESS,
                version=0,
                until=until,
                renewed=(name, now + timedelta(hours=2)),
            )


def naive_renew(database: Database, barrier: Barrier, name: str) -> None:
    """Looks whether there is one, and asks if there is none."""
    with database.reading() as session:
        found = session.scalar(text("SELECT count(*) FROM asked"))
    barrier.wait()
    if not found:
        _ask(database, name)


def _ask(database: Database, name: str) -> None:
    time.sleep(LINGER)  # the messenger takes its time
    with database.transaction() as session:
        session.execute(text("INSERT INTO asked VALUES (:name)"), {"name": name})
