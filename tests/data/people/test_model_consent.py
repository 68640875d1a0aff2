"""A yes to a language model is to one receiver, is asked for once, and is proof that stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from data.kernel.database import Database
from data.kernel.errors import Refused
from data.kernel.locales import Locale
from data.people import Asked, Consent, ConsentPurpose, Person, revoke_consent, stop_profile
from data.people.model_consent import ask_once, trust_model, trusts_model
from tests.builders import NOW, a_merchant, a_person

ASKED = Asked("", Locale.EN, "rest", "m1")


def _lan(database: Database) -> str:
    with database.transaction() as session:
        return a_person(session, a_merchant(session)).id


def _trusts(database: Database, person_id: str, receiver: str) -> bool:
    with database.reading() as session:
        person = session.get_one(Person, person_id)
        return trusts_model(session, person=person, receiver=receiver)


def _trust(database: Database, person_id: str, receiver: str) -> None:
    with database.transaction() as session:
        person = session.get_one(Person, person_id)
        trust_model(session, person=person, receiver=receiver, asked=ASKED, now=NOW)


def test_t32_a_yes_to_one_receiver_is_none_to_another(each_database: Database) -> None:
    lan = _lan(each_database)
    _trust(each_database, lan, "a.example")
    _trust(each_database, lan, "a.example")
    assert _trusts(each_database, lan, "a.example")
    assert not _trusts(each_database, lan, "b.example")
    _trust(each_database, lan, "b.example")
    assert not _trusts(each_database, lan, "a.example"), "one at a time"
    with each_database.reading() as session:
        rows = session.scalars(select(Consent).order_by(Consent.id)).all()
    told = [(row.purpose, row.text_version, row.revoked_at is None) for row in rows]
    assert told == [("model", "model-1:a.example", False), ("model", "model-1:b.example", True)]


def test_what_is_taken_back_is_over(each_database: Database) -> None:
    lan = _lan(each_database)
    _trust(each_database, lan, "a.example")
    with each_database.transaction() as session:
        person = session.get_one(Person, lan)
        assert revoke_consent(session, person=person, purpose=ConsentPurpose.MODEL, now=NOW)
    assert not _trusts(each_database, lan, "a.example")


def test_a_child_cannot_agree(database: Database) -> None:
    lan = _lan(database)
    with database.transaction() as session:
        stop_profile(session, person=session.get_one(Person, lan), now=NOW)
    with pytest.raises(Refused):
        _trust(database, lan, "a.example")


def test_the_question_is_put_once_for_each_receiver_also_by_turns_at_once(
    each_database: Database,
) -> None:
    lan = _lan(each_database)

    def ask(receiver: str) -> bool:
        with each_database.transaction() as session:
            person = session.get_one(Person, lan)
            return ask_once(session, person=person, receiver=receiver)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, ["a.example"] * 8)).count(True) == 1
    assert ask("b.example")
    assert not ask("b.example")
