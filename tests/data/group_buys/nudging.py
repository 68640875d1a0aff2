"""A group for teams to be in, whose members we know."""

from sqlalchemy import select

from data.group_buys.models import Seat, Team
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember
from tests.builders import NOW
from tests.data.group_buys.shop import GroupShop


def in_a_group(shop: GroupShop, *team_ids: str) -> str:
    """These teams are of one group, and who has a seat in them is a member. Gives the chat."""
    with shop.database.transaction() as session:
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=shop.merchant_id,
            channel="rest",
            external_id=new_id("rest"),
            created_at=NOW,
        )
        session.add(account)
        session.flush()
        chat = Chat(
            id=new_id("cht"),
            merchant_id=shop.merchant_id,
            account_id=account.id,
            external_id="buyers",
            kind="group",
            created_at=NOW,
        )
        session.add(chat)
        session.flush()
        seated = select(Seat.person_id).where(Seat.team_id.in_(team_ids)).distinct()
        for person_id in session.scalars(seated).all():
            session.add(
                ChatMember(
                    chat_id=chat.id,
                    person_id=person_id,
                    merchant_id=shop.merchant_id,
                    joined_at=NOW,
                )
            )
        for team_id in team_ids:
            session.get_one(Team, team_id).chat_id = chat.id
        return chat.id
