"""Statements made once: what they give and write is what SQLAlchemy would."""

import fcntl
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, bindparam, event, func, literal, select, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant
from data.delivery.models import InboxRow, InboxState
from data.kernel.database import Database, table_of
from data.kernel.dialects import OnlyReading
from data.kernel.entities import Entities
from data.kernel.prepared import Prepared
from data.merchants import ChannelAccount, Merchant
from data.people import Person
from tests.builders import NOW, a_merchant, a_person, a_product

PEOPLE = table_of(Person)
BY_NAME = (
    select(PEOPLE.c.id, PEOPLE.c.created_at, PEOPLE.c.minor_since)
    .where(PEOPLE.c.name == bindparam("name"))
    .order_by(PEOPLE.c.id)
    .limit(2)
)
ADD = Prepared(PEOPLE.insert(), ("id", "merchant_id", "name", "locale", "timezone", "created_at"))
RENAME = Prepared(
    PEOPLE.update().where(PEOPLE.c.id == bindparam("whose")).values(name=bindparam("new"))
)
KEPT = Entities(
    select(Merchant, Person.name.label("called"), Person)
    .outerjoin(Person, Person.merchant_id == Merchant.id)
    .order_by(Person.id)
)

FRESH = Entities(select(Person).with_for_update(), fresh=True)


def a_row(merchant_id: str, number: int, **other: Any) -> dict[str, Any]:
    return {"id": f"per_{number}", "merchant_id": merchant_id, "name": "Lan", **other}


SAME = {"locale": "en", "timezone": "UTC", "created_at": NOW}


def test_rows_are_those_of_a_query_with_their_types(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        for _ in range(3):
            a_person(session, merchant)
        a_person(session, merchant, name="Wei")
        asked = session.execute(BY_NAME, {"name": "Lan"}).all()
        assert Prepared(BY_NAME).rows(session, name="Lan") == [tuple(row) for row in asked]
        assert len(asked) == 2
        assert Prepared(BY_NAME).scalar(session, name="nobody") is None


@pytest.mark.parametrize("many", [1, 3])
def test_what_is_common_to_many_rows_is_said_once(each_database: Database, many: int) -> None:
    here = timezone(timedelta(hours=8))
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        rows = [a_row(merchant.id, number, name=f"N{number}") for number in range(many)]
        ADD.run_each(session, rows, **{**SAME, "created_at": NOW.astimezone(here)})
    with each_database.reading() as session:
        people = session.scalars(select(Person).order_by(Person.id)).all()
        told = [(one.id, one.name) for one in people]
        assert told == [(f"per_{n}", f"N{n}") for n in range(many)]
        assert {one.created_at for one in people} == {NOW}


def test_an_update_says_how_many_rows_it_touched(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
        assert RENAME.run(session, whose=person.id, new="Mei") == 1
        assert RENAME.run(session, whose="nobody", new="Mei") == 0
        session.refresh(person)
        assert person.name == "Mei"


def test_a_savepoint_takes_back_what_was_written_since(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
        RENAME.run(session, whose=person.id, new="Mei")
        with suppress(ZeroDivisionError), session.begin_nested():
            RENAME.run(session, whose=person.id, new="Wei")
            raise ZeroDivisionError
        assert Prepared(BY_NAME).scalar(session, name="Mei") == person.id
        with session.begin_nested():
            RENAME.run(session, whose=person.id, new="Jun")
        session.refresh(person)
        assert person.name == "Jun"


def test_nothing_is_written_after_what_ended_the_transaction(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
    with each_database.transaction() as session:
        RENAME.run(session, whose=person.id, new="Mei")
        session.add(Person(**{**a_row(person.merchant_id, 1), **SAME, "id": person.id}))
        with pytest.raises(IntegrityError):
            session.flush()
        with pytest.raises(InvalidRequestError):
            RENAME.run(session, whose=person.id, new="Wei")
        session.rollback()
    with each_database.reading() as session:
        assert session.get_one(Person, person.id).name == "Lan"


def test_a_column_that_is_given_nothing_takes_its_default(each_database: Database) -> None:
    add = Prepared(
        table_of(InboxRow).insert(),
        ("merchant_id", "account_id", "event_id", "payload", "state", "received_at"),
    )
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        account = ChannelAccount(
            id="acc_1", merchant_id=merchant.id, channel="rest", external_id="x", created_at=NOW
        )
        session.add(account)
        session.flush()
        row = {"merchant_id": merchant.id, "account_id": account.id, "event_id": "one"}
        more = {"payload": {"词": [1]}, "state": InboxState.RECEIVED, "received_at": NOW}
        assert add.run(session, **row, **more) == 1
        stored = session.scalars(select(InboxRow)).one()
        assert (stored.reason, stored.payload, stored.state) == ("", {"词": [1]}, "received")


def test_what_would_be_made_anew_each_time_is_refused(each_database: Database) -> None:
    several = Prepared(select(PEOPLE.c.id).where(PEOPLE.c.id.in_(bindparam("ids", expanding=True))))
    with each_database.reading() as session, pytest.raises(TypeError):
        several.rows(session, ids=["per_1"])


def test_a_list_that_stands_in_the_statement_is_written_out(each_database: Database) -> None:
    """Before, between and after what comes with each execution, and with types of its own."""
    days = [NOW, NOW + timedelta(days=1)]
    asked = (
        select(PEOPLE.c.name)
        .where(PEOPLE.c.created_at.in_(days), PEOPLE.c.locale == bindparam("tongue"))
        .where(PEOPLE.c.name.in_(["Lan", "Wei", "100%"]), PEOPLE.c.name.not_in([]))
        .where(PEOPLE.c.timezone.not_in(["Mars/Olympus"]), PEOPLE.c.created_at <= bindparam("by"))
        .order_by(PEOPLE.c.name)
    )
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        for name in ("Wei", "Lan", "Jun", "100%"):
            a_person(session, merchant, name=name)
        a_person(session, merchant, name="Lan", locale="en")
        prepared = Prepared(asked)
        for tongue, by in ((merchant.locale, NOW), ("en", NOW), ("en", NOW - timedelta(days=1))):
            given = {"tongue": tongue, "by": by}
            found = [tuple(row) for row in session.execute(asked, given)]
            assert prepared.rows(session, **given) == found
        assert prepared.rows(session, tongue=merchant.locale, by=NOW) == [
            ("100%",),
            ("Lan",),
            ("Wei",),
        ]


def test_an_error_of_the_driver_is_sqlalchemys_and_tells_no_values(each_database: Database) -> None:
    with each_database.transaction() as session:
        row = {**a_row(a_merchant(session).id, 1, name="13800138000"), **SAME}
        ADD.run(session, **row)
    with each_database.transaction() as session:
        with pytest.raises(IntegrityError) as refused:
            ADD.run(session, **row)
        session.rollback()
    assert "INSERT INTO people" in str(refused.value)
    assert refused.value.params is None


def test_a_look_refuses_it_and_a_commit_names_its_table(each_database: Database) -> None:
    written: list[Any] = []
    each_database.on_commit = written.append
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
    with each_database.reading() as session, pytest.raises(OnlyReading):
        RENAME.run(session, whose=person.id, new="Mei")
    written.clear()
    with each_database.transaction() as session:
        RENAME.run(session, whose=person.id, new="Mei")
    assert written == [{"people"}]


def test_entities_are_the_objects_of_the_session(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        for _ in range(2):
            a_person(session, merchant)
    with each_database.reading() as session:
        rows = KEPT.rows(session)
        people = session.scalars(select(Person).order_by(Person.id)).all()
        assert [row[2] for row in rows] == people
        assert all(row[2] is person for row, person in zip(rows, people, strict=True))
        assert rows[0][0] is rows[1][0] is session.get_one(Merchant, merchant.id)
        assert [row[1] for row in rows] == ["Lan", "Lan"]
        assert KEPT.rows(session) == rows


def test_what_an_outer_join_did_not_find_is_none(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        assert KEPT.first(session) == (merchant, None, None)


@pytest.mark.parametrize("mapped", [Merchant, Person, Product, Variant])
def test_an_entity_has_all_that_a_query_gives(each_database: Database, mapped: Any) -> None:
    def loaded(session: Session, rows: list[Any]) -> list[dict[str, Any]]:
        found = [{key: value for key, value in vars(one).items() if key[0] != "_"} for one in rows]
        session.expunge_all()
        return found

    with each_database.transaction() as session:
        merchant = a_merchant(session)
        a_person(session, merchant)
        a_product(session, merchant)
    with each_database.reading() as session:
        asked = loaded(session, list(session.scalars(select(mapped))))
        assert asked
        assert loaded(session, [row[0] for row in Entities(select(mapped)).rows(session)]) == asked


def test_a_changed_entity_is_written_and_a_rollback_takes_it_back(each_database: Database) -> None:
    with each_database.transaction() as session:
        person_id = a_person(session, a_merchant(session)).id
    with each_database.transaction() as session:
        person = KEPT.rows(session)[0][2]
        person.name = "Mei"
        assert list(session.dirty) == [person]
    with each_database.reading() as session:
        person = KEPT.rows(session)[0][2]
        assert person.name == "Mei"
        person.name = "Wei"
        session.rollback()
        assert person.name == "Mei"
        assert session.get(Person, person_id) is person


def test_an_entity_that_was_expired_is_read_anew(each_database: Database) -> None:
    with each_database.transaction() as session:
        person_id = a_person(session, a_merchant(session)).id
    with each_database.reading() as session:
        person = KEPT.rows(session)[0][2]
        session.rollback()
        with each_database.transaction() as elsewhere:
            RENAME.run(elsewhere, whose=person_id, new="Mei")
        assert KEPT.rows(session)[0][2] is person
        assert person.name == "Mei"


def test_a_fresh_entity_is_what_the_database_has_now(each_database: Database) -> None:
    with each_database.transaction() as session:
        person_id = a_person(session, a_merchant(session)).id
    with each_database.transaction() as session, session.no_autoflush:
        person = FRESH.rows(session)[0][0]
        RENAME.run(session, whose=person_id, new="Mei")
        assert KEPT.rows(session)[0][2].name == "Lan"
        person.timezone = "Asia/Tokyo"
        assert FRESH.rows(session)[0][0] is person
        assert (person.name, person.timezone) == ("Mei", "Asia/Tokyo")


def test_an_entity_keeps_what_was_changed_and_not_yet_written(each_database: Database) -> None:
    with each_database.transaction() as session:
        a_person(session, a_merchant(session))
    with each_database.transaction() as session, session.no_autoflush:
        person = KEPT.rows(session)[0][2]
        person.timezone = "Asia/Tokyo"
        assert KEPT.rows(session)[0][2].timezone == "Asia/Tokyo"


def test_an_entity_expired_and_then_changed_keeps_the_change(each_database: Database) -> None:
    with each_database.transaction() as session:
        a_person(session, a_merchant(session))
    with each_database.transaction() as session, session.no_autoflush:
        person = KEPT.rows(session)[0][2]
        session.expire(person)
        person.timezone = "Asia/Tokyo"
        assert KEPT.rows(session)[0][2] is person
        assert (person.timezone, person.name) == ("Asia/Tokyo", "Lan")
    with each_database.reading() as session:
        assert KEPT.rows(session)[0][2].timezone == "Asia/Tokyo"


def test_what_expired_is_filled_by_the_same_statement(database: Database) -> None:
    asked: list[str] = []
    with database.transaction() as session:
        a_person(session, a_merchant(session))
    with database.reading() as session:
        first = KEPT.rows(session)[0]
        session.rollback()
        event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        assert KEPT.rows(session)[0] == first
        assert (first[0].currency, first[2].name) == ("CNY", "Lan")
    assert asked == []


def test_a_lost_connection_is_left_and_the_session_goes_on(postgresql_database: Database) -> None:
    shop = postgresql_database
    with shop.reading() as session:
        KEPT.rows(session)
        number = session.scalar(text("SELECT pg_backend_pid()"))
        with shop.transaction() as elsewhere:
            elsewhere.execute(select(func.pg_terminate_backend(number)))
        with pytest.raises(OperationalError):
            KEPT.rows(session)
        session.rollback()
        assert KEPT.rows(session) == []


def test_an_error_while_rows_are_read_is_sqlalchemys_too(database: Database) -> None:
    smallest = literal(-(2**63), Integer).label("n")
    numbers = select(literal(1, Integer).label("n")).union_all(select(smallest)).subquery()
    with database.reading() as session, pytest.raises(OperationalError):
        Prepared(select(func.abs(numbers.c.n))).rows(session)


def test_who_waits_to_write_takes_no_connection_from_readers(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    shop = Database(f"sqlite:///{file}", pool_size=2)
    for statement in (
        "CREATE TABLE t (n INT)",
        "DELETE FROM t",
    ):  # the file is there for the second
        with shop.transaction() as session:
            session.execute(text(statement))

    def write() -> None:
        with shop.transaction() as session:
            session.execute(text("INSERT INTO t VALUES (1)"))

    crowd = 2 + 10 + 1  # what the pool gives at most, and one more
    with ThreadPoolExecutor(crowd) as threads:
        with file.with_name(f"{file.name}-turn").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            waiting = [threads.submit(write) for _ in range(crowd)]
            wait(waiting, timeout=0.3)
            with shop.reading() as session:
                assert session.scalar(text("SELECT count(*) FROM t")) == 0
        assert not any(one.exception() for one in waiting)
    shop.close()


def test_what_waits_in_the_session_is_written_first(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_person(session, a_merchant(session))
        person.name = "Mei"
        assert Prepared(BY_NAME).scalar(session, name="Mei") == person.id
        with session.no_autoflush:
            person.name = "Wei"
            assert Prepared(BY_NAME).scalar(session, name="Wei") is None
