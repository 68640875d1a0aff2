"""Places come free, newcomers press, and the next in line is called, all in the same moment."""

from functools import partial

from data.group_buys import SeatState
from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop
from tests.races import acts
from tests.races.together import all_at_once


def test_places_given_up_go_to_the_line_in_order_and_to_no_newcomer(
    each_database: Database,
) -> None:
    shop = GroupShop(each_database, size=4, on_hand=50)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun", "Qi")
    shop.waits(team, "An", "Bo", "Cy")
    leaving = [
        partial(acts.leave, team=team, person=shop.person(name), now=shop.now)
        for name in ("Wei", "Jun")
    ]
    newcomers = [shop.person(f"new {number}") for number in range(6)]
    joining = [partial(acts.join, team=team, person=one, now=shop.now) for one in newcomers]
    calling = [partial(acts.call_next, team=team, now=shop.now)] * 3
    said = all_at_once(shop.database, [*leaving, *joining, *calling])
    assert said.count("error_no_seat_left") == len(newcomers)
    shop.work()
    assert shop.line(team) == ["Cy"]
    assert [shop.seats(team)[name] for name in ("An", "Bo")] == [[SeatState.HELD]] * 2
    assert shop.violations() == []
    shop.close()


def test_control_looking_at_free_places_alone_passes_the_line(each_database: Database) -> None:
    shop = GroupShop(each_database, size=3, on_hand=50)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.waits(team, "An")
    shop.leaves(team, "Wei")
    newcomers = [shop.person(f"new {number}") for number in range(3)]
    joining = [
        partial(acts.naive_join_beside_a_line, team=team, person=one, now=shop.now)
        for one in newcomers
    ]
    assert all_at_once(shop.database, joining).count("ok") == 1
    shop.close()
