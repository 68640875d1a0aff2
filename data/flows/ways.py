"""Where running flows go on when their version is not live any more: stay, move on, or start anew.

A way is said at a publish and followed by each conversation at its next turn, so that a publish
costs the same however many talk. It is gone with the move that brought it, and with a later one
that makes its beginning live again.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from data.flows.models import FlowVersion, FlowWay
from data.kernel.prepared import Prepared

Steps = Mapping[str, Mapping[str, str]]
"""Flow to old step to new step."""


@dataclass(frozen=True, slots=True)
class Way:
    """From one version to another: flow to old step to new step."""

    from_sha: str
    to_sha: str
    flows: Steps


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of old versions: `lost` have been retired or are gone, `ways` lead on, in the
    order in which they were opened."""

    lost: frozenset[str]
    ways: tuple[Way, ...]


_OPEN = Prepared(
    select(FlowWay.from_sha, FlowWay.to_sha, FlowWay.flows)
    .where(FlowWay.merchant_id == bindparam("merchant"), FlowWay.taken_back.is_(False))
    .order_by(FlowWay.move_id)
)
_STORED = Prepared(
    select(FlowVersion.sha, FlowVersion.retired_at).where(
        FlowVersion.merchant_id == bindparam("merchant"), FlowVersion.sha == bindparam("version")
    )
)


def fate_of(session: Session, *, merchant_id: str, shas: Set[str]) -> Fate:
    """For versions that somebody stands in and that are not live."""
    opened = [Way(*row) for row in _OPEN.rows(session, merchant=merchant_id)]
    named = {*shas, *(way.to_sha for way in opened)}
    rows = (_STORED.rows(session, merchant=merchant_id, version=sha) for sha in sorted(named))
    stored = {sha: retired_at for found in rows for sha, retired_at in found}
    sound = {sha for sha, retired_at in stored.items() if retired_at is None}
    # A way leads out of a retired version too, as long as it can still be read.
    ways = (way for way in opened if way.to_sha in sound and way.from_sha in stored)
    return Fate(frozenset(shas - sound), tuple(ways))


def sound_versions(session: Session, *, merchant_id: str, shas: Collection[str]) -> frozenset[str]:
    """Those of them that are stored and not retired."""
    if not shas:
        return frozenset()
    found = select(FlowVersion.sha).where(
        FlowVersion.merchant_id == merchant_id,
        FlowVersion.sha.in_(set(shas)),
        FlowVersion.retired_at.is_(None),
    )
    return frozenset(session.scalars(found))


def versions_left_behind(session: Session, *, merchant_id: str) -> set[str]:
    """Where an open way begins: whoever still stands there will go on."""
    return set(
        session.scalars(
            select(FlowWay.from_sha).where(
                FlowWay.merchant_id == merchant_id, FlowWay.taken_back.is_(False)
            )
        )
    )


def open_ways(
    session: Session, *, merchant_id: str, move_id: int, to_sha: str, ways: Mapping[str, Steps]
) -> None:
    session.add_all(
        FlowWay(
            move_id=move_id,
            from_sha=from_sha,
            to_sha=to_sha,
            merchant_id=merchant_id,
            flows={flow: dict(steps) for flow, steps in flows.items()},
        )
        for from_sha, flows in ways.items()
    )


def close_ways(session: Session, *, merchant_id: str, left: str | None, live: str) -> None:
    """Nobody goes to a version that was taken back (`left`), nor away from the `live` one."""
    session.execute(
        update(FlowWay)
        .where(
            FlowWay.merchant_id == merchant_id,
            FlowWay.taken_back.is_(False),
            or_(FlowWay.from_sha == live, FlowWay.to_sha == left),
        )
        .values(taken_back=True)
        .execution_options(synchronize_session=False)
    )
