"""Flows from files into a shop: checked whole, stored under their hash, made live."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.flow_checks import load_flows
from data.flows import Draft, publish, save_draft
from dialogs.format import flow_set_to_json, shipped_sources


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
    draft = Draft(flow_set.sha, flow_set_to_json(flow_set), dict(sources))
    save_draft(session, merchant_id=merchant_id, draft=draft, author=by, now=now)
    return flow_set.sha


def publish_flows(
    session: Session, *, merchant_id: str, sources: Mapping[str, str], by: str, now: datetime
) -> str:
    """The same, and live."""
    sha = keep_flows(session, merchant_id=merchant_id, sources=sources, by=by, now=now)
    publish(session, merchant_id=merchant_id, sha=sha, by=by, now=now)
    return sha


def publish_shipped_flows(session: Session, *, merchant_id: str, by: str, now: datetime) -> str:
    return publish_flows(
        session, merchant_id=merchant_id, sources=shipped_sources(), by=by, now=now
    )
