"""Two who act on one line at once, on PostgreSQL; on SQLite one of them waits before they begin."""

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from data.group_buys import SeatState, leave_line
from data.group_buys.turns import seat_next
from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop

_PATIENCE = 60.0
_WAITS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def _seat_next(shop: GroupShop, team: str) -> bool:
    with shop.database.transaction() as session:
        return seat_next(session, team_id=team, now=shop.now)


def _until_somebody_waits(database: Database) -> None:
    begun = time.monotonic()
    while True:
        with database.reading() as session:
            if session.scalar(text(_WAITS)):
                return
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(0.01)


def test_who_leaves_the_line_as_they_are_passed_over_does_not_stop_it(
    postgresql_database: Database,
) -> None:
    """Jun may have no second place, and leaves the line in the moment in which it is their turn."""
    shop = GroupShop(postgresql_database, size=2)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.waits(team, "Jun", "Qi")
    shop.opens("Jun")
    shop.leaves(team, "Wei")
    with ThreadPoolExecutor(1) as pool:
        with shop.database.transaction() as session:
            assert leave_line(session, team_id=team, person_id=shop.person("Jun"), now=shop.now)
            session.flush()
            calling = pool.submit(_seat_next, shop, team)
            _until_somebody_waits(shop.database)
        assert calling.result(_PATIENCE)
    assert shop.seats(team)["Qi"] == [SeatState.HELD]
    assert shop.line(team) == []
    shop.work()
    assert shop.violations() == []
    shop.close()
