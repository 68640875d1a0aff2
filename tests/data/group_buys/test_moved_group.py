"""A group got another id at the messenger, and we hear of it late: what was begun in it meanwhile
goes on where its history is."""

from datetime import timedelta

from sqlalchemy import func, select

from data.conversations.moving import move_chat
from data.group_buys import open_teams_in
from data.group_buys.models import CampaignChat, Team
from data.group_buys.place_models import TeamPlace
from data.group_buys.places import note_place, places_of
from data.kernel.database import Database
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Address
from data.people import Chat, Person
from data.pools import Pool, open_pools_in
from data.split_orders import SplitTerms, open_split, open_splits_in, set_split_terms
from tests.data.group_buys.test_places import chats
from tests.data.pools.shop import PoolShop

HOME = Address("Lan", "13800000000", "桂花巷 7 号")


def test_teams_presents_and_common_orders_of_the_new_group_are_those_of_the_old_one(
    each_database: Database,
) -> None:
    shop = PoolShop(each_database)
    both, elsewhere, pool_id = shop.opens("Lan"), shop.opens("Wei"), shop.opens_pool("Lan")
    organiser = shop.person("Lan")
    with shop.database.transaction() as session:
        old, new = chats(session, shop, 2)
        session.get_one(Team, both).chat_id = new
        session.get_one(Pool, pool_id).chat_id = new
        for chat_id in (old, new):  # shared into both
            note_place(
                session, team=session.get_one(Team, elsewhere), chat_id=chat_id, now=shop.now
            )
            session.add(
                CampaignChat(
                    campaign_id=shop.campaign_id, chat_id=chat_id, merchant_id=shop.merchant_id
                )
            )
        merchant = session.get_one(Merchant, shop.merchant_id)
        set_split_terms(merchant, SplitTerms(Money(0, "CNY"), Money(0, "CNY")))
        split_id = open_split(
            session,
            organiser=session.get_one(Person, organiser),
            window=timedelta(hours=1),
            address=HOME,
            chat_id=new,
            now=shop.now,
        ).id
    with shop.database.transaction() as session:
        before, after = (session.get_one(Chat, one) for one in (old, new))
        names = {"before": before.external_id, "after": after.external_id}
        move_chat(session, account_id=before.account_id, **names, now=shop.now)
    with shop.database.reading() as session:
        here = {"chat_id": old, "now": shop.now}
        assert [team.id for team in open_teams_in(session, **here)] == [both]
        assert [pool.id for pool in open_pools_in(session, **here)] == [pool_id]
        assert [split.id for split in open_splits_in(session, **here)] == [split_id]
        assert places_of(session, team_id=elsewhere) == [old]
        named = session.scalars(select(CampaignChat.chat_id)).all()
        assert named == [old]
        assert session.scalar(select(func.count()).select_from(TeamPlace)) == 1
    shop.close()
