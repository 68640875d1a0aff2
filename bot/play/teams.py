"""What a story's shop does with the newest team of a group, by the functions the console calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.group_buys import Team, cancel_team, complete_with
from data.people import Chat

TEAM_VERBS = ("complete_team", "cancel_team")


def act_on_team(
    session: Session,
    merchant_id: str,
    verb: str,
    given: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> None:
    """`{complete_team: GROUP, people: 2}`, `{cancel_team: GROUP}`."""
    newest = (
        select(Team.id)
        .join(Chat, Chat.id == Team.chat_id)
        .where(Team.merchant_id == merchant_id, Chat.external_id == str(given[verb]))
        .order_by(Team.opened_at.desc())
    )
    team_id = session.scalars(newest.limit(1)).one()
    which = {"merchant_id": merchant_id, "team_id": team_id, "by": by}
    if verb == "cancel_team":
        cancel_team(session, **which, now=now)
        return
    complete_with(session, **which, people=int(given.get("people", 0)), now=now)
