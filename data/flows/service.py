"""Drafts, publishing, rolling back: the same act, a pointer that moves and leaves a trace."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.flows.models import FlowChannel, FlowMove, FlowVersion
from data.kernel.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow set that passed the lint: its content hash, what runs, and what a person edits."""

    sha: str
    document: str
    sources: dict[str, str]


def save_draft(
    session: Session, *, merchant_id: str, draft: Draft, author: str, now: datetime
) -> FlowVersion:
    """Keep a checked flow set under its content hash, and make it the draft."""
    version = session.get(FlowVersion, (merchant_id, draft.sha))
    if version is None:
        version = FlowVersion(
            merchant_id=merchant_id,
            sha=draft.sha,
            document=draft.document,
            sources=draft.sources,
            author=author,
            created_at=now,
        )
        session.add(version)
    _channel(session, merchant_id).draft_sha = draft.sha
    session.flush()
    return version


def publish(session: Session, *, merchant_id: str, sha: str, by: str, now: datetime) -> None:
    """Make a stored version live. New flows begin on it; running ones end on their own."""
    if session.get(FlowVersion, (merchant_id, sha)) is None:
        raise NotFound("flow_version")
    channel = _channel(session, merchant_id)
    if channel.live_sha == sha:
        return
    session.add(
        FlowMove(merchant_id=merchant_id, from_sha=channel.live_sha, to_sha=sha, by=by, at=now)
    )
    channel.live_sha = sha
    session.flush()


def roll_back(session: Session, *, merchant_id: str, by: str, now: datetime) -> str:
    """Make live what was live before the last move; gives its sha."""
    last = session.scalar(
        select(FlowMove)
        .where(FlowMove.merchant_id == merchant_id)
        .order_by(FlowMove.id.desc())
        .limit(1)
    )
    if last is None or last.from_sha is None:
        raise Refused("nothing_to_roll_back")
    publish(session, merchant_id=merchant_id, sha=last.from_sha, by=by, now=now)
    return last.from_sha


def live_sha(session: Session, *, merchant_id: str) -> str:
    sha = session.scalar(select(FlowChannel.live_sha).where(FlowChannel.merchant_id == merchant_id))
    if sha is None:
        raise NotFound("flow_live")
    return sha


def live_version(session: Session, *, merchant_id: str) -> FlowVersion:
    sha = live_sha(session, merchant_id=merchant_id)
    return session.get_one(FlowVersion, (merchant_id, sha))


def document_of(session: Session, *, merchant_id: str, sha: str) -> str:
    return session.get_one(FlowVersion, (merchant_id, sha)).document


def history(session: Session, *, merchant_id: str, limit: int = 50) -> list[FlowMove]:
    """Moves of the live pointer, the newest first."""
    return list(
        session.scalars(
            select(FlowMove)
            .where(FlowMove.merchant_id == merchant_id)
            .order_by(FlowMove.id.desc())
            .limit(limit)
        )
    )


def _channel(session: Session, merchant_id: str) -> FlowChannel:
    channel = session.get(FlowChannel, merchant_id)
    if channel is None:
        channel = FlowChannel(merchant_id=merchant_id)
        session.add(channel)
    return channel
