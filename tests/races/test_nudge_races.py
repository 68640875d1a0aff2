"""Many members have the others reminded in the same moment: the group hears it once."""

from functools import partial

from data.group_buys.models import Team
from data.kernel.database import Database
from tests.data.group_buys.nudging import in_a_group
from tests.data.group_buys.shop import GroupShop
from tests.races import nudge_acts as acts
from tests.races.together import all_at_once

MEMBERS = ("Lan", "Wei", "Jun", "Qi", "An", "Bo")


def _team(shop: GroupShop) -> str:
    team = shop.opens(MEMBERS[0])
    shop.joins(team, *MEMBERS[1:])
    in_a_group(shop, team)
    return team


def _nudges(shop: GroupShop, team: str) -> int:
    with shop.database.reading() as session:
        return session.get_one(Team, team).nudges


def test_of_six_at_once_one_reminds_the_group(each_database: Database) -> None:
    shop = GroupShop(each_database, size=8)
    team = _team(shop)
    asking = [
        partial(acts.nudge_team, team=team, person=shop.person(name), now=shop.now)
        for name in MEMBERS
    ]
    said = all_at_once(shop.database, asking)
    assert (said.count("ok"), said.count("error_too_often")) == (1, len(MEMBERS) - 1)
    assert _nudges(shop, team) == 1
    assert shop.violations() == []
    shop.close()


def test_control_looking_first_reminds_the_group_again_and_again(each_database: Database) -> None:
    shop = GroupShop(each_database, size=8)
    team = _team(shop)
    asking = [
        partial(acts.naive_nudge, team=team, person=shop.person(name), now=shop.now)
        for name in MEMBERS[:3]
    ]
    assert all_at_once(shop.database, asking).count("ok") > 1
    assert _nudges(shop, team) > 1
    shop.close()
