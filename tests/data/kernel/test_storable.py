"""What no database takes is refused on its way to either; what people write is cleaned."""

from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from data.delivery.masking import mask_cards
from data.kernel.database import Database, table_of
from data.kernel.prepared import Prepared
from data.kernel.storable import UnstorableText, as_json, storable
from data.merchants import Merchant
from data.people import Person
from tests.builders import a_merchant, a_person

UNSTORABLE = ("a\0b", "a\ud83d", "\ude00 b")  # a NUL, half a character, its other half
SOUND = ("团子 🎁", "\\u0000", "\\\\u0000", "\\ud83d", "\\ud83d\\ude00 🎁", "\x01\x7f")
PEOPLE = table_of(Person)
RENAME = Prepared(
    update(PEOPLE)
    .where(PEOPLE.c.id == bindparam("who"))
    .values(name=bindparam("called"), locale="en")
)


def as_an_object(session: Session, person: Person, text: str) -> None:
    person.name = text
    session.flush()


def in_json(session: Session, person: Person, text: str) -> None:
    shop = a_merchant(session)
    shop.settings = {"deep": [{"within": text}]}
    session.flush()


def as_a_key_of_json(session: Session, person: Person, text: str) -> None:
    a_merchant(session, settings={text: 1})


def in_many_rows(session: Session, person: Person, text: str) -> None:
    row = {key: getattr(person, key) for key in PEOPLE.c.keys()}  # noqa: SIM118  # no mapping
    session.execute(insert(PEOPLE), [{**row, "id": name, "name": name} for name in ("x", text)])


def prepared(session: Session, person: Person, text: str) -> None:
    RENAME.run(session, who=person.id, called=text)


def prepared_for_many(session: Session, person: Person, text: str) -> None:
    RENAME.run_each(session, [{"called": "x"}, {"called": text}], who=person.id)


def asked_for(session: Session, person: Person, text: str) -> None:
    session.scalars(select(Person).where(Person.name.in_(["x", text]))).all()


WAYS = (
    as_an_object, in_json, as_a_key_of_json, in_many_rows, prepared, prepared_for_many, asked_for
)  # fmt: skip


def test_it_is_refused_whichever_way_it_comes(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
        kept = person.id
    for way, text in product(WAYS, UNSTORABLE):
        assert _is_refused(each_database, way, kept, text), (way.__name__, text)
    with each_database.reading() as session:
        assert session.get_one(Person, kept).name == "Lan"


def _is_refused(
    database: Database, way: Callable[[Session, Person, str], None], person_id: str, text: str
) -> bool:
    with pytest.raises(UnstorableText) as refused, database.transaction() as session:
        way(session, session.get_one(Person, person_id), text)
    return refused.value.status == 422


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_a_number_that_is_none_is_refused_in_json(each_database: Database, number: str) -> None:
    with pytest.raises(UnstorableText), each_database.transaction() as session:
        a_merchant(session, settings={"n": [float(number)]})


def test_whatever_else_is_kept_as_it_is(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session, settings={text: text for text in SOUND})
        people = [a_person(session, shop, name=text).id for text in SOUND]
    with each_database.reading() as session:
        assert session.get_one(Merchant, shop.id).settings == {text: text for text in SOUND}
        assert [session.get_one(Person, person).name for person in people] == [*SOUND]


def test_what_people_write_is_cleaned() -> None:
    for text in UNSTORABLE:
        assert "\0" not in as_json(mask_cards({"text": [text]}))
    assert storable("a\0b 🎁\ud83d") == "ab 🎁?"
