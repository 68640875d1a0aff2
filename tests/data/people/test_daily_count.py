"""Several counts that a message must fit into: all of them grow, or none."""

from datetime import date

from sqlalchemy import select

from data.kernel.database import Database
from data.people import ProactiveCount
from data.people.daily_count import Place, has_room, take_places
from tests.builders import a_merchant

TODAY = date(2026, 11, 22)


def test_where_one_count_is_full_no_other_grows(each_database: Database) -> None:
    wide, full = Place("a_wide", TODAY, 9), Place("b_full", TODAY, 1)
    with each_database.transaction() as session:
        merchant_id = a_merchant(session).id
        assert take_places(session, [wide, full], merchant_id=merchant_id)
        assert not take_places(session, [full, wide], merchant_id=merchant_id)
        counts = {count.whom: count.n for count in session.scalars(select(ProactiveCount))}
        assert counts == {"a_wide": 1, "b_full": 1}
        assert has_room(session, [wide])
        assert not has_room(session, [wide, full])
