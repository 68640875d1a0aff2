"""Old versions end: those that must go are retired, those that nobody needs are collected.

A version stays while it is live or the draft, somebody stands in it, rolling back would lead to
it, running flows have to pass through it, or it was made or live within the rollback window.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from data.flows.models import ConversationPin, FlowChannel, FlowMove, FlowVersion, FlowWay
from data.flows.service import before_live
from data.kernel.database import changed
from data.kernel.errors import NotFound, Refused


def collectable(session: Session, *, merchant_id: str, kept_since: datetime) -> list[str]:
    """What nobody needs; `kept_since` is where the rollback window begins."""
    useless = _useless(session, merchant_id, kept_since)
    return list(session.scalars(select(FlowVersion.sha).where(useless).order_by(FlowVersion.sha)))


def collect(session: Session, *, merchant_id: str, kept_since: datetime) -> list[str]:
    """Delete what nobody needs, and give what was deleted. A conversation that begins to stand in
    one of them at this very moment keeps it, or finds it gone and looks again."""
    useless = _useless(session, merchant_id, kept_since)
    found = session.scalars(
        select(FlowVersion.sha).where(useless).order_by(FlowVersion.sha).with_for_update()
    ).all()
    # The lock waited for whoever was pinning; only a statement begun afterwards sees their pin.
    return [sha for sha in found if _delete(session, useless, sha)]


def _delete(session: Session, useless: ColumnElement[bool], sha: str) -> bool:
    gone = delete(FlowVersion).where(FlowVersion.sha == sha, useless)
    return bool(changed(session.execute(gone.execution_options(synchronize_session=False))))


def has_old_versions(session: Session, *, merchant_id: str) -> bool:
    """Whether any is stored that is neither live nor the draft nor the one to roll back to."""
    back = before_live(session, merchant_id=merchant_id)
    old = (
        FlowVersion.merchant_id == merchant_id,
        FlowVersion.sha != (back or ""),
        ~_is_at_a_pointer(),
    )
    return session.scalar(select(exists().where(*old))) or False


def retire(session: Session, *, merchant_id: str, sha: str, now: datetime) -> None:
    """It must go: whoever stands in it starts that flow again at their next word, and it is never
    published again. The live one cannot be retired: publish another one first."""
    live = exists().where(FlowChannel.merchant_id == merchant_id, FlowChannel.live_sha == sha)
    won = changed(
        session.execute(
            update(FlowVersion)
            .where(
                FlowVersion.merchant_id == merchant_id,
                FlowVersion.sha == sha,
                FlowVersion.retired_at.is_(None),
                ~live,
            )
            .values(retired_at=now)
        )
    )
    if won:
        _forget_draft(session, merchant_id, sha)
    elif session.get(FlowVersion, (merchant_id, sha)) is None:
        raise NotFound("flow_version")
    else:
        raise Refused("flow_version_live_or_retired")


def _forget_draft(session: Session, merchant_id: str, sha: str) -> None:
    session.execute(
        update(FlowChannel)
        .where(FlowChannel.merchant_id == merchant_id, FlowChannel.draft_sha == sha)
        .values(draft_sha=None)
    )


def _useless(session: Session, merchant_id: str, kept_since: datetime) -> ColumnElement[bool]:
    back = before_live(session, merchant_id=merchant_id)
    return and_(
        FlowVersion.merchant_id == merchant_id,
        FlowVersion.sha != (back or ""),
        ~_is_at_a_pointer(),
        ~exists().where(
            ConversationPin.merchant_id == FlowVersion.merchant_id,
            ConversationPin.sha == FlowVersion.sha,
        ),
        ~_is_passed_through(),
        or_(FlowVersion.retired_at.is_not(None), _is_old(kept_since)),
    )


def _is_at_a_pointer() -> ColumnElement[bool]:
    return exists().where(
        FlowChannel.merchant_id == FlowVersion.merchant_id,
        or_(FlowChannel.live_sha == FlowVersion.sha, FlowChannel.draft_sha == FlowVersion.sha),
    )


def _is_old(kept_since: datetime) -> ColumnElement[bool]:
    """Neither made nor live within the window: each time it was live ends with a move."""
    moved = exists().where(
        FlowMove.merchant_id == FlowVersion.merchant_id,
        or_(FlowMove.from_sha == FlowVersion.sha, FlowMove.to_sha == FlowVersion.sha),
        FlowMove.at >= kept_since,
    )
    return and_(FlowVersion.created_at < kept_since, ~moved)


def _is_passed_through() -> ColumnElement[bool]:
    """Somebody may still stand where a way to it begins."""
    begun = aliased(ConversationPin)
    return exists().where(
        FlowWay.merchant_id == FlowVersion.merchant_id,
        FlowWay.to_sha == FlowVersion.sha,
        FlowWay.taken_back.is_(False),
        begun.merchant_id == FlowWay.merchant_id,
        begun.sha == FlowWay.from_sha,
    )
