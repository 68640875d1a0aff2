"""A token that has ended is asked for by one process alone, however many notice it at once, on
SQLite and PostgreSQL; with its negative control."""

from functools import partial

from sqlalchemy import text

from data.delivery import channel_tokens
from data.delivery.token_models import TokenKind
from data.kernel.database import Database
from data.merchants import ChannelAccount
from tests.builders import NOW
from tests.data.delivery.test_channel_tokens import an_account
from tests.races import token_acts
from tests.races.together import all_at_once

PROCESSES = 5


def _prepare(database: Database) -> ChannelAccount:
    with database.transaction() as session:
        session.execute(text("CREATE TABLE asked (name TEXT)"))
        return an_account(session)


def _asked(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT name FROM asked")).all())


def test_of_many_that_need_a_token_one_alone_asks_for_it(each_database: Database) -> None:
    account = _prepare(each_database)
    acts = [
        partial(token_acts.renew, account_id=account.id, name=f"token-{number}", now=NOW)
        for number in range(PROCESSES)
    ]
    assert all_at_once(each_database, acts) == ["ok"] * PROCESSES

    assert len(_asked(each_database)) == 1
    with each_database.transaction() as session:
        kept = channel_tokens.kept(session, account=account, kind=TokenKind.ACCESS)
    assert kept.version == 1


def test_control_looking_first_and_asking_then_asks_several_times(each_database: Database) -> None:
    _prepare(each_database)
    acts = [partial(token_acts.naive_renew, name=f"token-{number}") for number in range(PROCESSES)]
    assert all_at_once(each_database, acts) == ["ok"] * PROCESSES
    assert len(_asked(each_database)) == PROCESSES
