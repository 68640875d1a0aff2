"""Places come free, newcomers press, and the next in line is called, all in the same moment."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from data.group_buys import EntryState, SeatState, TeamState, WaitlistEntry
from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop
from tests.races import acts, team_acts
from tests.races.together import all_at_once

_CLOSED, _PLACE_FREE = "error_group_buy_closed", "error_wrong_state"


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


def _full(shop: GroupShop) -> str:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    return team


def _getting_in_line(shop: GroupShop, team: str, many: int) -> list[partial[None]]:
    people = [shop.person(f"new {number}") for number in range(many)]
    return [partial(team_acts.wait_for, team=team, person=one, now=shop.now) for one in people]


def _entries(shop: GroupShop, state: EntryState) -> int:
    with shop.database.reading() as session:
        found = select(WaitlistEntry.id).where(WaitlistEntry.state == state)
        return len(session.scalars(found).all())


def test_who_gets_in_line_as_the_last_one_pays_is_told_of_the_end_or_of_the_end_of_the_line(
    each_database: Database,
) -> None:
    shop = GroupShop(each_database, on_hand=50)
    team = _full(shop)
    shop.pays(team, "Lan", "Wei")
    last = shop.starts_paying(team, "Jun")
    paying = partial(acts.pay, attempt_id=last, now=shop.now)
    said = all_at_once(shop.database, [paying, *_getting_in_line(shop, team, 5)])
    in_line = said.count("ok") - 1
    assert in_line + said.count(_CLOSED) == 5
    shop.work()
    assert (shop.view(team).state, shop.view(team).waiting) == (TeamState.SUCCESS, 0)
    assert (shop.line(team), _entries(shop, EntryState.CLOSED)) == ([], in_line)
    assert shop.violations() == []
    shop.close()


def test_who_gets_in_line_as_the_time_runs_out_waits_for_nothing_afterwards(
    each_database: Database,
) -> None:
    """Their clock is a moment slower than the one that ends the team."""
    shop = GroupShop(each_database, on_hand=50)
    team = _full(shop)
    deadline = shop.view(team).deadline
    shop.turn_clock(deadline - shop.now - timedelta(seconds=1))
    waiting = _getting_in_line(shop, team, 5)
    ending = partial(acts.expire, team=team, now=deadline)
    said = all_at_once(shop.database, [ending, *waiting])
    in_line = said.count("ok") - 1
    assert in_line + said.count(_CLOSED) == 5
    shop.later(timedelta(minutes=1))
    assert (shop.view(team).state, shop.view(team).waiting) == (TeamState.FAILED, 0)
    assert (shop.line(team), _entries(shop, EntryState.CLOSED)) == ([], in_line)
    assert shop.violations() == []
    shop.close()


def test_a_team_that_all_leave_as_somebody_gets_in_line_is_theirs_or_over(
    each_database: Database,
) -> None:
    shop = GroupShop(each_database, size=2, on_hand=50)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    leaving = [
        partial(acts.leave, team=team, person=shop.person(name), now=shop.now)
        for name in ("Lan", "Wei")
    ]
    said = all_at_once(shop.database, [*leaving, *_getting_in_line(shop, team, 1)])
    shop.work()
    came_in_time = said == ["ok"] * 3
    assert came_in_time or {*said} - {"ok"} <= {_CLOSED, _PLACE_FREE}
    if came_in_time:
        assert (shop.leader(team), shop.view(team).paying) == ("new 0", 1)
    else:
        assert shop.view(team).state == TeamState.CANCELLED
    assert shop.line(team) == []
    assert shop.violations() == []
    shop.close()


def test_control_who_believes_the_team_still_runs_waits_for_ever(each_database: Database) -> None:
    shop = GroupShop(each_database, on_hand=50)
    team = _full(shop)
    shop.pays(team, "Lan", "Wei")
    last, late = shop.starts_paying(team, "Jun"), shop.person("new")
    paying = partial(acts.pay_and_meet_again, attempt_id=last, now=shop.now)
    waiting = partial(team_acts.careless_wait, team=team, person=late, now=shop.now)
    assert all_at_once(shop.database, [paying, waiting]) == ["ok"] * 2
    shop.work()
    assert shop.line(team) == ["new"]
    assert shop.violations() != []
    shop.close()
