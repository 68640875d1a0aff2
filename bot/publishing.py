"""Flows from files into a shop: checked whole, stored under their hash, tried by the stories among
them, made live."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.api.drafting import keep
from bot.flow_checks import load_flows
from bot.trials import publish_tried
from dialogs.format import shipped_sources


def keep_flows(
    session: Session,
    *,
    merchant_id: str,
    sources: Mapping[str, str],
    by: str,
    now: datetime,
    called: Collection[str] = (),
) -> str:
    """Raises FlowProblems before anything changes; gives the version's sha. `called`: actions of
    the merchant's own."""
    flow_set = load_flows(sources, called=called)
    kept = keep(
        session, merchant_id=merchant_id, sources=sources, flow_set=flow_set, author=by, now=now
    )
    return kept.sha


def publish_flows(
    session: Session, *, merchant_id: str, sources: Mapping[str, str], by: str, now: datetime
) -> str:
    """Files without stories, at once; others are kept, tried and published one after the other."""
    sha = keep_flows(session, merchant_id=merchant_id, sources=sources, by=by, now=now)
    publish_tried(session, merchant_id=merchant_id, sha=sha, by=by, now=now)
    return sha


def publish_shipped_flows(session: Session, *, merchant_id: str, by: str, now: datetime) -> str:
    return publish_flows(
        session, merchant_id=merchant_id, sources=shipped_sources(), by=by, now=now
    )
