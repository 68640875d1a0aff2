"""What is refused has written nothing, and who asked goes on."""

from contextlib import suppress

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.errors import Refused
from data.kernel.savepoints import all_or_nothing
from data.people import Person
from tests.builders import a_merchant
from tests.data.kernel.test_prepared import ADD, RENAME, SAME, a_row


def _names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Person.name).order_by(Person.id)))


def _adds(session: Session, merchant_id: str, number: int, *, refused: bool = False) -> None:
    with all_or_nothing(session):
        ADD.run(session, **a_row(merchant_id, number), **SAME)
        if refused:
            raise Refused("person_limit")


def test_what_is_refused_is_taken_back_and_the_caller_goes_on(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant_id = a_merchant(session).id
        _adds(session, merchant_id, 1)
        with pytest.raises(Refused):
            _adds(session, merchant_id, 2, refused=True)
        RENAME.run(session, whose="per_1", new="Mei")
        _adds(session, merchant_id, 3)
    assert _names(each_database) == ["Mei", "Lan"]


def test_it_goes_with_a_savepoint_around_it(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant_id = a_merchant(session).id
        with suppress(ZeroDivisionError), session.begin_nested():
            _adds(session, merchant_id, 1)
            raise ZeroDivisionError
        with session.begin_nested():
            _adds(session, merchant_id, 2)
            with pytest.raises(Refused):
                _adds(session, merchant_id, 3, refused=True)
        RENAME.run(session, whose="per_2", new="Mei")
    assert _names(each_database) == ["Mei"]


def test_what_waits_in_the_session_is_not_taken_back(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant_id = a_merchant(session).id
        _adds(session, merchant_id, 1)
        session.get_one(Person, "per_1").name = "Mei"
        with pytest.raises(Refused):
            _adds(session, merchant_id, 2, refused=True)
    assert _names(each_database) == ["Mei"]
