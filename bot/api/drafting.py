"""Flow files into a checked draft; the texts a merchant starts from; what changed between two."""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.flow_checks import load_flows
from data.flows import Draft, FlowChannel, FlowVersion, save_draft
from data.kernel.errors import NotFound
from dialogs.format import (
    FlowProblems,
    FlowSet,
    Problem,
    flow_set_to_json,
    shipped_sources,
)

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_./-]{0,100}\.ya?ml")


def is_file_name(name: str) -> bool:
    """Below the flow set's folder, where an operator may write it: a merchant chose it."""
    return _NAME.fullmatch(name) is not None and ".." not in name


@dataclass(frozen=True, slots=True)
class Versions:
    """Where a shop's pointers stand, and the files a person goes on from."""

    live: str | None
    draft: str | None
    sources: Mapping[str, str]


def versions(session: Session, *, merchant_id: str) -> Versions:
    """The draft's files, else the live ones, else those that come with Tuanzi."""
    channel = session.get(FlowChannel, merchant_id)
    live = channel.live_sha if channel else None
    draft = channel.draft_sha if channel else None
    sha = draft or live
    sources = (
        find_version(session, merchant_id=merchant_id, sha=sha).sources
        if sha
        else shipped_sources()
    )
    return Versions(live, draft, sources)


def find_version(session: Session, *, merchant_id: str, sha: str) -> FlowVersion:
    version = session.get(FlowVersion, (merchant_id, sha))
    if version is None:
        raise NotFound("flow_version")
    return version


def keep(
    session: Session,
    *,
    merchant_id: str,
    sources: Mapping[str, str],
    flow_set: FlowSet,
    author: str,
    now: datetime,
) -> FlowVersion:
    """Save a set that has passed its checks as the draft."""
    draft = Draft(flow_set.sha, flow_set_to_json(flow_set), dict(sources))
    version = save_draft(session, merchant_id=merchant_id, draft=draft, author=author, now=now)
    # A comment is no other version, for it runs nothing; it must not be lost for that.
    version.sources = draft.sources
    return version


def checked(sources: Mapping[str, str], *, called: Collection[str] = ()) -> FlowSet | list[Problem]:
    """The set, or why it is none. `called`: actions of the merchant's own."""
    try:
        return load_flows(sources, called=called)
    except FlowProblems as problems:
        return problems.problems


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """A unified diff over all files that differ."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        lines += difflib.unified_diff(
            old.splitlines(), new.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
        )
    return lines
