"""A card that somebody shared into a chat which we are not in: from then on it changes there."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.inbound import InboundEvent
from data.group_buys import team_of
from data.group_buys.places import note_place
from data.group_buys.sharing import note_sent
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount
from data.people import meet_chat
from dialogs.shared_cards import TEAM


def note_shared(
    session: Session, *, account: ChannelAccount, event: InboundEvent, now: datetime
) -> None:
    """Only a team's card changes; whatever else was shared stays as it is."""
    name = event.shared or ""
    if not name.startswith(TEAM):
        return
    team_id, _, mark = name.removeprefix(TEAM).partition(":")
    try:
        team = team_of(session, merchant_id=account.merchant_id, team_id=team_id)
    except NotFound:
        return
    share_hash = note_sent(session, merchant_id=account.merchant_id, team_id=team.id, mark=mark)
    chat = meet_chat(
        session,
        account=account,
        external_id=event.chat.external_id,
        kind=event.chat.kind,
        title=event.chat.title,
        now=now,
    )
    note_place(session, team=team, chat_id=chat.id, share_hash=share_hash, now=now)
