"""Chats of the people of a team: a group that it is in, and their own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.group_buys.models import Seat, Team
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, ChatMember
from tests.builders import NOW
from tests.data.group_buys.shop import GroupShop


def in_a_group(shop: GroupShop, *team_ids: str) -> str:
    """These teams are of one group, and who has a seat in them is a member. Gives the chat."""
    with shop.database.transaction() as session:
        seated = select(Seat.person_id).where(Seat.team_id.in_(team_ids)).distinct()
        chat = _a_chat(session, shop, "group", *session.scalars(seated))
        for team_id in team_ids:
            session.get_one(Team, team_id).chat_id = chat.id
        return chat.id


def alone_with_us(shop: GroupShop, *names: str) -> None:
    """Each of them has a chat of their own with the shop."""
    for name in names:
        person_id = shop.person(name)
        with shop.database.transaction() as session:
            _a_chat(session, shop, "private", person_id)


def _a_chat(session: Session, shop: GroupShop, kind: str, *members: str) -> Chat:
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
        kind=kind,
        created_at=NOW,
    )
    session.add(chat)
    session.flush()
    for person_id in members:
        member = ChatMember(
            chat_id=chat.id, person_id=person_id, merchant_id=shop.merchant_id, joined_at=NOW
        )
        session.add(member)
    return chat
