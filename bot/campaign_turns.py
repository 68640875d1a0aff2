"""How a merchant turns a campaign, by the words that console and API have for it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from data.group_buys import end_campaign, pause_campaign, resume_campaign


def _pause(session: Session, *, merchant_id: str, campaign_id: str, now: datetime) -> None:
    pause_campaign(session, merchant_id=merchant_id, campaign_id=campaign_id)


def _resume(session: Session, *, merchant_id: str, campaign_id: str, now: datetime) -> None:
    resume_campaign(session, merchant_id=merchant_id, campaign_id=campaign_id)


TURNS: Mapping[str, Callable[..., None]] = {
    "pause": _pause,
    "resume": _resume,
    "end": end_campaign,
}
