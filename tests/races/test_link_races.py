"""T40: links that cross, a code typed twice at once, a turn in the same moment: each ends well, on
SQLite and PostgreSQL; with its negative control."""

from functools import partial

from sqlalchemy import select

from data.audit import audit
from data.kernel.database import Database
from data.orders.models import BasketLine
from data.people import Person
from data.personal.linking import offer_code
from data.personal.models import PersonMove
from tests.builders import NOW, a_product, the_variant
from tests.data.personal.twins import a_known_talk, twins
from tests.races import link_acts
from tests.races.together import all_at_once


def test_two_links_that_cross_make_one_person_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        pair = twins(session)
    both = [(pair.kept, pair.gone), (pair.gone, pair.kept)]
    acts = [partial(link_acts.join, kept=kept, gone=gone, now=NOW) for kept, gone in both]
    assert all_at_once(each_database, acts) == ["error_refused", "ok"]
    with each_database.reading() as session:
        assert len(session.scalars(select(PersonMove)).all()) == 1
        merged = session.scalars(select(Person.merged_into).order_by(Person.merged_into)).all()
        assert sorted(map(bool, merged)) == [False, True]
        assert audit(session, now=NOW) == []


def test_control_looking_first_and_writing_then_makes_two_nobodies(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        pair = twins(session)
    both = [(pair.kept, pair.gone), (pair.gone, pair.kept)]
    acts = [partial(link_acts.naive_join, kept=kept, gone=gone) for kept, gone in both]
    assert all_at_once(each_database, acts) == ["ok", "ok"]
    with each_database.reading() as session:
        assert all(session.scalars(select(Person.merged_into)).all())


def test_a_code_that_two_type_at_once_is_one_persons(each_database: Database) -> None:
    with each_database.transaction() as session:
        pair = twins(session)
        third = a_known_talk(session, pair.merchant, "Eve")
        code = offer_code(session, conversation=pair.one, now=NOW)
    talks = (pair.other.id, third.id)
    acts = [partial(link_acts.type_one, talk=talk, code=code, now=NOW) for talk in talks]
    assert all_at_once(each_database, acts) == ["error_refused", "ok"]


def test_what_a_turn_does_in_the_same_moment_is_not_left_behind(each_database: Database) -> None:
    with each_database.transaction() as session:
        pair = twins(session)
        variant = the_variant(session, a_product(session, pair.merchant)).id
    turn = partial(link_acts.want, talk=pair.other.id, variant=variant, now=NOW)
    joining = partial(link_acts.join, kept=pair.kept, gone=pair.gone, now=NOW)
    assert all_at_once(each_database, [turn, joining]) == ["ok", "ok"]
    with each_database.reading() as session:
        lines = session.execute(select(BasketLine.person_id, BasketLine.quantity)).all()
        assert [tuple(line) for line in lines] == [(pair.kept, 1)]
