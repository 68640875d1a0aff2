"""Drafts, publishing, rolling back: the same act, a pointer that moves and leaves a trace."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.flows.models import FlowChannel, FlowMove, FlowVersion, MoveKind
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
    _move(session, MoveKind.PUBLISH, merchant_id=merchant_id, sha=sha, by=by, now=now)


def roll_back(session: Session, *, merchant_id: str, by: str, now: datetime) -> str:
    """Make live what was published before what is live now; gives its sha. Again and again it
    leads further back, never forward to what was taken back."""
    sha = before_live(session, merchant_id=merchant_id)
    if sha is None:
        raise Refused("nothing_to_roll_back")
    _move(session, MoveKind.ROLL_BACK, merchant_id=merchant_id, sha=sha, by=by, now=now)
    return sha


def before_live(session: Session, *, merchant_id: str) -> str | None:
    """Where rolling back would lead."""
    moves = session.execute(
        select(FlowMove.kind, FlowMove.to_sha)
        .where(FlowMove.merchant_id == merchant_id)
        .order_by(FlowMove.id)
    )
    way: list[str] = []
    for kind, sha in moves:
        if kind == MoveKind.ROLL_BACK:
            way.pop()
        else:
            way.append(sha)
    return way[-2] if len(way) > 1 else None


def _move(
    session: Session, kind: MoveKind, *, merchant_id: str, sha: str, by: str, now: datetime
) -> None:
    channel = _channel(session, merchant_id)
    if channel.live_sha == sha:
        return
    move = {"merchant_id": merchant_id, "from_sha": channel.live_sha, "to_sha": sha}
    session.add(FlowMove(**move, kind=kind, by=by, at=now))
    channel.live_sha = sha
    session.flush()


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
