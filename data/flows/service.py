"""Drafts, publishing, rolling back: the same act, a pointer that moves and leaves a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from data.flows.models import FlowChannel, FlowMove, FlowVersion, MoveKind
from data.flows.tending import A_DAY, Keeping, set_alarm
from data.flows.ways import Steps, close_ways, open_ways, sound_versions
from data.kernel.entities import Entities
from data.kernel.errors import NotFound, Refused

_WHOSE: BindParameter[str] = bindparam("whose")
_LIVE = Entities(
    select(FlowChannel.live_sha, FlowChannel.merchant_id).where(FlowChannel.merchant_id == _WHOSE)
)


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
    version = _kept(session, merchant_id, draft.sha)
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


def publish(
    session: Session,
    *,
    merchant_id: str,
    sha: str,
    by: str,
    now: datetime,
    ways: Mapping[str, Steps] | None = None,
) -> None:
    """Make a stored version live. New flows begin on it; running ones end on their own, except
    where `ways` (old version to flow to old step to new step) say where they go on in this one."""
    version = _kept(session, merchant_id, sha)
    if version is None:
        raise NotFound("flow_version")
    if version.retired_at is not None:
        raise Refused("flow_version_retired")
    move = _move(session, MoveKind.PUBLISH, merchant_id=merchant_id, sha=sha, by=by, now=now)
    if move is None and ways:
        raise Refused("flow_version_live")
    if move is not None:
        close_ways(session, merchant_id=merchant_id, left=None, live=sha)
        open_ways(session, merchant_id=merchant_id, move_id=move.id, to_sha=sha, ways=ways or {})


def roll_back(session: Session, *, merchant_id: str, by: str, now: datetime) -> str:
    """Make live what was published before what is live now; gives its sha. Again and again it
    leads further back, never forward to what was taken back."""
    sha = before_live(session, merchant_id=merchant_id)
    if sha is None or _kept(session, merchant_id, sha) is None:
        raise Refused("nothing_to_roll_back")
    move = _move(session, MoveKind.ROLL_BACK, merchant_id=merchant_id, sha=sha, by=by, now=now)
    if move is not None:
        close_ways(session, merchant_id=merchant_id, left=move.from_sha, live=sha)
    return sha


def before_live(session: Session, *, merchant_id: str) -> str | None:
    """Where rolling back would lead: past what has been collected or retired."""
    moves = session.execute(
        select(FlowMove.kind, FlowMove.to_sha)
        .where(FlowMove.merchant_id == merchant_id)
        .order_by(FlowMove.id)
    )
    way: list[str] = []
    for kind, sha in moves:
        if kind == MoveKind.ROLL_BACK:
            way = way[: _last(way[:-1], sha) + 1]
        else:
            way.append(sha)
    earlier = [sha for sha in way[:-1] if sha != way[-1]]
    sound = sound_versions(session, merchant_id=merchant_id, shas=earlier)
    return next((sha for sha in reversed(earlier) if sha in sound), None)


def _last(way: list[str], sha: str) -> int:
    return len(way) - 1 - way[::-1].index(sha)


def _kept(session: Session, merchant_id: str, sha: str) -> FlowVersion | None:
    """The version, which cannot be collected or retired before this transaction has ended."""
    found = select(FlowVersion).where(
        FlowVersion.merchant_id == merchant_id, FlowVersion.sha == sha
    )
    return session.scalar(found.with_for_update(read=True))


def _move(
    session: Session, kind: MoveKind, *, merchant_id: str, sha: str, by: str, now: datetime
) -> FlowMove | None:
    """None: it stands there already."""
    channel = _channel(session, merchant_id)
    if channel.live_sha == sha:
        return None
    move = FlowMove(
        merchant_id=merchant_id, from_sha=channel.live_sha, to_sha=sha, kind=kind, by=by, at=now
    )
    session.add(move)
    channel.live_sha = sha
    session.flush()
    first_round = A_DAY if move.from_sha else Keeping().idle
    set_alarm(session, merchant_id=merchant_id, at=now + first_round, now=now)
    return move


def live_sha(session: Session, *, merchant_id: str) -> str:
    live = _LIVE.first(session, whose=merchant_id)
    if live is None:
        raise NotFound("flow_live")
    sha: str = live[0]
    return sha


def live_version(session: Session, *, merchant_id: str) -> FlowVersion:
    sha = live_sha(session, merchant_id=merchant_id)
    return session.get_one(FlowVersion, (merchant_id, sha))


def document_of(session: Session, *, merchant_id: str, sha: str) -> str:
    return session.get_one(FlowVersion, (merchant_id, sha)).document


def known_versions(session: Session, *, merchant_id: str) -> list[str]:
    """All that are stored, the newest first."""
    return list(
        session.scalars(
            select(FlowVersion.sha)
            .where(FlowVersion.merchant_id == merchant_id)
            .order_by(FlowVersion.created_at.desc(), FlowVersion.sha)
        )
    )


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
