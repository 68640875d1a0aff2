"""Where a team's card stands besides its own chat, and which teams somebody may show to others."""

from datetime import timedelta

from sqlalchemy.orm import Session

from data.group_buys import team_of
from data.group_buys.places import note_place, places_of, teams_joined_by
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat
from tests.builders import NOW
from tests.data.group_buys.shop import GroupShop


def chats(session: Session, shop: GroupShop, count: int) -> list[str]:
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=shop.merchant_id,
        channel="telegram",
        external_id=new_id("bot"),
        settings={},
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    made = [
        Chat(
            id=new_id("cht"),
            merchant_id=shop.merchant_id,
            account_id=account.id,
            external_id=f"inline:{number}",
            kind="group",
            created_at=NOW,
        )
        for number in range(count)
    ]
    session.add_all(made)
    session.flush()
    return [chat.id for chat in made]


def test_a_place_is_noted_once_and_fifty_are_enough(each_shop: GroupShop) -> None:
    team_id = each_shop.opens("Lan")
    with each_shop.database.transaction() as session:
        team = team_of(session, merchant_id=each_shop.merchant_id, team_id=team_id)
        places = chats(session, each_shop, 52)
        for chat_id in [places[0], *places]:
            note_place(session, team=team, chat_id=chat_id, now=NOW)
        assert len(places_of(session, team_id=team_id)) == 50
        assert places[51] not in places_of(session, team_id=team_id)


def test_somebody_may_show_the_open_teams_they_have_a_seat_in(each_shop: GroupShop) -> None:
    mine, other = each_shop.opens("Lan"), each_shop.opens("Wei")

    def shown(name: str, later: timedelta = timedelta(0)) -> list[str]:
        with each_shop.database.reading() as session:
            teams = teams_joined_by(
                session,
                merchant_id=each_shop.merchant_id,
                person_id=each_shop.person(name),
                now=each_shop.now + later,
                limit=5,
            )
            return [team.id for team in teams]

    assert (shown("Lan"), shown("Wei"), shown("Jun")) == ([mine], [other], [])
    assert shown("Lan", timedelta(hours=25)) == []
    each_shop.leaves(mine, "Lan")
    assert shown("Lan") == []
